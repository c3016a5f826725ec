using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EvenNet.Framework;

/// <summary>Camel case, indented with a line a list of numbers, numbers that are not finite as null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    Converters = [typeof(FiniteOrNull), typeof(CamelCaseOutcome), typeof(Numbers<double>), typeof(Numbers<long>)])]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(EvaluationRecord))]
internal sealed partial class RunJson : JsonSerializerContext
{
    // Paths and messages as they are written, whatever their script; the document is no part of a web page.
    public static RunJson Readable => new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private sealed class CamelCaseOutcome() : JsonStringEnumConverter<RunOutcome>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }

    // Indentation would give each number of a curve a line of its own.
    private sealed class Numbers<T> : JsonConverter<IReadOnlyList<T>> where T : struct, INumber<T>
    {
        public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException($"a list of numbers is a {reader.TokenType}");
            var numbers = new List<T>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.Number || !T.TryParse(reader.ValueSpan, CultureInfo.InvariantCulture, out T number))
                    throw new JsonException($"a list of numbers holds {Encoding.UTF8.GetString(reader.ValueSpan)}");
                numbers.Add(number);
            }
            return numbers;
        }

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options)
        {
            if (value.FirstOrDefault(v => !T.IsFinite(v)) is var bad && !T.IsFinite(bad)) throw new JsonException($"a list of numbers holds {bad}");
            writer.WriteRawValue($"[{string.Join(", ", value.Select(v => v.ToString(null, CultureInfo.InvariantCulture)))}]", skipInputValidation: true);
        }
    }
}
