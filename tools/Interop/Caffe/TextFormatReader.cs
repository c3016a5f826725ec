using System.Collections;
using System.Globalization;
using EvenNet.Framework;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace EvenNet.Interop;

// Reads Protocol Buffers' text format into a message by its descriptor (protobuf.dev, «Text Format Language Specification»): the library for
// C# has no parser of it. A field that the descriptor lacks is passed over and noted; everything else that is wrong ends the reading.
internal sealed class TextFormatReader
{
    // As deep as the binary reader goes.
    private const int DeepestMessage = 100;

    private readonly TextTokens tokens;
    private TextToken next;
    private int depth;

    private TextFormatReader(string text, string path)
    {
        tokens = new TextTokens(text, path);
        next = tokens.Next();
    }

    /// <summary>Where each message begins.</summary>
    public Dictionary<IMessage, TextPosition> Positions { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Fields that were passed over, with their places.</summary>
    public List<(TextPosition At, string Message)> Notes { get; } = [];

    /// <summary>Reads a whole text.</summary>
    /// <exception cref="NetFormatException">It is not in the format, or a value does not fit its field.</exception>
    public static TextFormatReader Read(string text, string path, IMessage into)
    {
        var reader = new TextFormatReader(text, path);
        reader.Positions[into] = reader.next.At;
        reader.Fields(into, end: null);
        return reader;
    }

    private NetFormatException Wrong(string reason) => tokens.Wrong(next.At, reason);

    private bool IsSymbol(string symbol) => next.Kind == TextTokenKind.Symbol && next.Text == symbol;

    private TextToken Take()
    {
        TextToken taken = next;
        next = tokens.Next();
        return taken;
    }

    private bool TryTake(string symbol)
    {
        if (!IsSymbol(symbol)) return false;
        Take();
        return true;
    }

    // Up to the symbol that ends the message, which is taken, or to the end of the text.
    private void Fields(IMessage message, string? end)
    {
        while (end is null ? next.Kind != TextTokenKind.End : !IsSymbol(end))
        {
            if (next.Kind == TextTokenKind.End) throw Wrong($"the text ends within {message.Descriptor.Name}, {end} is missing");
            Field(message);
            if (!TryTake(",")) TryTake(";");
        }
        if (end is not null) Take();
    }

    private void Field(IMessage message)
    {
        if (next.Kind != TextTokenKind.Identifier) throw Wrong($"a field's name was expected in {message.Descriptor.Name}, got {Shown(next)}");
        TextToken name = Take();
        FieldDescriptor? field = message.Descriptor.FindFieldByName(name.Text);
        if (field is null)
        {
            string nearest = NearestName.Of(name.Text, message.Descriptor.Fields.InDeclarationOrder().Select(f => f.Name));
            string hint = NearestName.IsNear(name.Text, nearest) ? $"; did you mean {nearest}?" : "";
            Notes.Add((name.At, $"{message.Descriptor.Name} has no field {name.Text} that is known here{hint}"));
            SkipField();
            return;
        }
        if (!field.IsRepeated && field.Accessor.HasValue(message)) throw tokens.Wrong(name.At, $"{name.Text} is given twice in one {message.Descriptor.Name}");
        bool hasColon = TryTake(":");
        if (!hasColon && field.FieldType != FieldType.Message) throw Wrong($"a colon was expected after {name.Text}, got {Shown(next)}");
        if (!TryTake("["))
        {
            Set(message, field);
            return;
        }
        if (!field.IsRepeated) throw tokens.Wrong(name.At, $"{name.Text} takes one value, got a list");
        if (TryTake("]")) return;
        do Set(message, field);
        while (TryTake(","));
        if (!TryTake("]")) throw Wrong($"the list of {name.Text} is not closed, got {Shown(next)}");
    }

    private void Set(IMessage message, FieldDescriptor field)
    {
        object value = field.FieldType == FieldType.Message ? Message(field) : Scalar(field);
        if (field.IsRepeated) ((IList)field.Accessor.GetValue(message)).Add(value);
        else field.Accessor.SetValue(message, value);
    }

    private IMessage Message(FieldDescriptor field)
    {
        TextPosition from = next.At;
        string end = TryTake("{") ? "}" : TryTake("<") ? ">" : throw Wrong($"{field.Name} is a message, {{ was expected, got {Shown(next)}");
        Enter(from);
        IMessage message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
        Positions[message] = from;
        Fields(message, end);
        depth--;
        return message;
    }

    private object Scalar(FieldDescriptor field)
    {
        TextToken token = next;
        if (token.Kind == TextTokenKind.String) return String(field);
        bool isNegative = TryTake("-");
        if (next.Kind is not (TextTokenKind.Number or TextTokenKind.Identifier)) throw Wrong($"a value was expected for {field.Name}, got {Shown(next)}");
        string text = Take().Text;
        object? value = field.FieldType switch
        {
            FieldType.Bool when !isNegative => Bool(text),
            FieldType.Float => Real(text, isNegative) is { } real ? (float)real : null,
            FieldType.Double => Real(text, isNegative),
            FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Whole(text, isNegative) is { } whole && whole >= int.MinValue && whole <= int.MaxValue ? (int)whole : null,
            FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Whole(text, isNegative) is { } whole && whole >= long.MinValue && whole <= long.MaxValue ? (long)whole : null,
            FieldType.UInt32 or FieldType.Fixed32 => Whole(text, isNegative) is { } whole && whole >= 0 && whole <= uint.MaxValue ? (uint)whole : null,
            FieldType.UInt64 or FieldType.Fixed64 => Whole(text, isNegative) is { } whole && whole >= 0 && whole <= ulong.MaxValue ? (ulong)whole : null,
            FieldType.Enum => Enumerated(field.EnumType, text, isNegative),
            _ => null,
        };
        string sign = isNegative ? "-" : "";
        return value ?? throw tokens.Wrong(token.At, $"{sign}{Short(text)} is no value of {field.Name}: {Wants(field)}");
    }

    private object String(FieldDescriptor field)
    {
        if (field.FieldType is not (FieldType.String or FieldType.Bytes)) throw Wrong($"\"{Short(next.Text)}\" is no value of {field.Name}: {Wants(field)}");
        var parts = new List<string>();
        while (next.Kind == TextTokenKind.String) parts.Add(Take().Text);
        string text = string.Concat(parts);
        return field.FieldType == FieldType.Bytes ? ByteString.CopyFromUtf8(text) : text;
    }

    private static string Wants(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Enum => $"there are {string.Join(", ", field.EnumType.Values.Select(v => v.Name))}",
        FieldType.Bool => "true or false was expected",
        FieldType.String or FieldType.Bytes => "a string in quotes was expected",
        FieldType.Float or FieldType.Double => "a number was expected",
        _ => "a whole number in its range was expected",
    };

    private static object? Bool(string text) => text switch
    {
        "true" or "True" or "t" or "1" => true,
        "false" or "False" or "f" or "0" => false,
        _ => null,
    };

    private static int? Enumerated(EnumDescriptor type, string text, bool isNegative) =>
        isNegative ? null
        : type.FindValueByName(text) is { } named ? named.Number
        : Whole(text, isNegative: false) is { } number && number <= int.MaxValue ? type.FindValueByNumber((int)number)?.Number
        : null;

    private static double? Real(string text, bool isNegative)
    {
        double? value = text.ToUpperInvariant() switch
        {
            "INF" or "INFINITY" => double.PositiveInfinity,
            "NAN" => double.NaN,
            _ when text.StartsWith('0') && text.Length > 1 && text[1] is 'x' or 'X' => Whole(text, isNegative: false) is { } whole ? (double)whole : null,
            _ => double.TryParse(text.TrimEnd('f', 'F'), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double parsed) ? parsed : null,
        };
        return isNegative ? -value : value;
    }

    // Decimal, hexadecimal (0x1F) or octal (017).
    private static Int128? Whole(string text, bool isNegative)
    {
        ulong value;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            if (!ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)) return null;
        }
        else if (text.Length > 1 && text[0] == '0')
        {
            value = 0;
            foreach (char c in text)
            {
                if (c is < '0' or > '7' || value >> 61 != 0) return null;
                value = value * 8 + (ulong)(c - '0');
            }
        }
        else if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)) return null;
        return isNegative ? -(Int128)value : value;
    }

    private void Enter(TextPosition from)
    {
        if (++depth > DeepestMessage) throw tokens.Wrong(from, $"messages lie deeper in one another than {DeepestMessage}");
    }

    // The value of an unknown field: anything that could be one.
    private void SkipField()
    {
        TryTake(":");
        if (!TryTake("["))
        {
            SkipValue();
            return;
        }
        if (TryTake("]")) return;
        do SkipValue();
        while (TryTake(","));
        if (!TryTake("]")) throw Wrong($"a list is not closed, got {Shown(next)}");
    }

    private void SkipValue()
    {
        TextPosition from = next.At;
        string? end = TryTake("{") ? "}" : TryTake("<") ? ">" : null;
        if (end is null)
        {
            TryTake("-");
            if (next.Kind is not (TextTokenKind.Number or TextTokenKind.Identifier or TextTokenKind.String)) throw Wrong($"a value was expected, got {Shown(next)}");
            bool isString = Take().Kind == TextTokenKind.String;
            while (isString && next.Kind == TextTokenKind.String) Take();
            return;
        }
        Enter(from);
        while (!TryTake(end))
        {
            if (next.Kind != TextTokenKind.Identifier) throw Wrong($"a field's name or {end} was expected, got {Shown(next)}");
            Take();
            SkipField();
            if (!TryTake(",")) TryTake(";");
        }
        depth--;
    }

    private static string Shown(TextToken token) => token.Kind switch
    {
        TextTokenKind.End => "the end",
        TextTokenKind.String => $"\"{Short(token.Text)}\"",
        _ => Short(token.Text),
    };

    private static string Short(string text)
    {
        const int most = 40;
        return text.Length <= most ? text : $"{text[..most]}…";
    }
}
