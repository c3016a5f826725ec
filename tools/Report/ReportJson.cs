using System.Text.Json;
using System.Text.Json.Serialization;

namespace EvenNet.Report;

/// <summary>A run's report as JSON: camel case, null members left out, NaN and infinity as strings.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    WriteIndented = true)]
[JsonSerializable(typeof(RunReport))]
public sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>The report as indented JSON.</summary>
    public static string Write(RunReport report) => JsonSerializer.Serialize(report, Default.RunReport);

    /// <summary>The report that <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">The text is no report: broken JSON, or a member is missing.</exception>
    public static RunReport Read(string json) =>
        JsonSerializer.Deserialize(json, Default.RunReport) ?? throw new JsonException("the report is null");
}
