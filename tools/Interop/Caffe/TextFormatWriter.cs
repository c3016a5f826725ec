using System.Collections;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace EvenNet.Interop;

// Writes a message in Protocol Buffers' text format: the fields that are set, in the order of their numbers, as protoc and Caffe print them.
internal static class TextFormatWriter
{
    public static string Write(IMessage message)
    {
        var text = new StringBuilder();
        Fields(message, text, indent: 0);
        return text.ToString();
    }

    private static void Fields(IMessage message, StringBuilder text, int indent)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.IsRepeated)
                foreach (object value in (IList)field.Accessor.GetValue(message)) Field(field, value, text, indent);
            else if (field.Accessor.HasValue(message)) Field(field, field.Accessor.GetValue(message), text, indent);
        }
    }

    private static void Field(FieldDescriptor field, object value, StringBuilder text, int indent)
    {
        text.Append(' ', 2 * indent).Append(field.Name);
        if (value is IMessage message)
        {
            text.Append(" {\n");
            Fields(message, text, indent + 1);
            text.Append(' ', 2 * indent).Append("}\n");
            return;
        }
        text.Append(": ").Append(field.FieldType switch
        {
            FieldType.Enum => field.EnumType.FindValueByNumber((int)value)?.Name ?? ((int)value).ToString(CultureInfo.InvariantCulture),
            FieldType.Bool => (bool)value ? "true" : "false",
            FieldType.Float => Real((float)value),
            FieldType.Double => Real((double)value),
            FieldType.String => Quoted((string)value),
            FieldType.Bytes => Quoted(((ByteString)value).ToStringUtf8()),
            _ => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        }).Append('\n');
    }

    // The shortest text that is read as the same number.
    private static string Real<T>(T value) where T : System.Numerics.IFloatingPointIeee754<T> =>
        T.IsNaN(value) ? "nan" : T.IsPositiveInfinity(value) ? "inf" : T.IsNegativeInfinity(value) ? "-inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string value)
    {
        var text = new StringBuilder("\"");
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' or '\\' => text.Append('\\').Append(c),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' or '\x7f' => text.Append('\\').Append(Convert.ToString(c, 8).PadLeft(3, '0')),
                _ => text.Append(c),
            };
        }
        return text.Append('"').ToString();
    }
}
