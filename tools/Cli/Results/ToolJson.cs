using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace EvenNet.Cli;

/// <summary>What <c>--json</c> prints: one document, camel case, numbers that are not finite as null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, Converters = [typeof(FiniteOrNull)])]
[JsonSerializable(typeof(SummaryResult))]
[JsonSerializable(typeof(ClassifyResult[]))]
[JsonSerializable(typeof(ConvertResult))]
[JsonSerializable(typeof(DoctorResult))]
[JsonSerializable(typeof(DemoResult))]
[JsonSerializable(typeof(InitResult))]
[JsonSerializable(typeof(DiagnoseResult))]
[JsonSerializable(typeof(DiagnoseResults))]
[JsonSerializable(typeof(BenchNetResult))]
[JsonSerializable(typeof(BenchNetResults))]
[JsonSerializable(typeof(BenchKernelsResult))]
[JsonSerializable(typeof(BenchInitResult))]
[JsonSerializable(typeof(BenchDataResult))]
[JsonSerializable(typeof(TrainResult))]
[JsonSerializable(typeof(FindRateResult))]
[JsonSerializable(typeof(EvalResult))]
[JsonSerializable(typeof(ProposeResult))]
[JsonSerializable(typeof(DetectEvalResult))]
[JsonSerializable(typeof(DetectShowResult[]))]
[JsonSerializable(typeof(NeighborsResult))]
internal sealed partial class ToolJson : JsonSerializerContext
{
    // Paths and messages as they are written, whatever their script; the document is no part of a web page.
    private static ToolJson Readable => new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string Write<T>(T result) => JsonSerializer.Serialize(result, (JsonTypeInfo<T>)((JsonSerializerContext)Readable).GetTypeInfo(typeof(T))!);

    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override bool HandleNull => true;

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
