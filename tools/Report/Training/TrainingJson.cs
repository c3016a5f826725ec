using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>A page's data for programs.</summary>
internal static class TrainingJson
{
    // Four points each at most.
    private const int Ranges = 250;

    public static JsonSerializerOptions Readable { get; } = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject Of(IReadOnlyList<TrainingSummary> runs)
    {
        double? level = TrainingTables.Level(runs);
        return new JsonObject
        {
            ["format"] = "evennet-training-report-1",
            ["level"] = Number(level),
            ["runs"] = new JsonArray([.. runs.Select(r => (JsonNode)Of(r, level))]),
        };
    }

    private static JsonObject Of(TrainingSummary run, double? level)
    {
        RunRecord? record = run.Run.Record;
        JsonArray curves = [];
        if (run.SmoothLoss is { } smooth) curves.Add(Of(smooth with { Name = "loss, smooth" }));
        foreach (RunCurve curve in run.Run.Curves) curves.Add(Of(curve));
        return new JsonObject
        {
            ["name"] = run.Run.Name,
            ["label"] = run.Label,
            ["folder"] = run.Run.Folder,
            ["outcome"] = run.Outcome,
            ["seed"] = record?.Seed,
            ["iterations"] = run.Iterations,
            ["planned"] = run.Planned,
            ["seconds"] = Number(run.Seconds),
            ["imagesPerSecond"] = Number(run.Median("images/s")),
            ["dataWait"] = Number(run.Median("wait")),
            ["finalLoss"] = Number(run.FinalLoss),
            ["lowestSmoothLoss"] = Number(run.LowestLoss),
            ["iterationsToLevel"] = Number(level is { } l ? run.Reached(l) : null),
            ["best"] = new JsonArray([.. run.Evaluations.Select(c => (Curve: c, Best: TrainingSummary.Best(c))).Where(c => c.Best is not null).Select(c => (JsonNode)new JsonObject
            {
                ["kind"] = c.Curve.Kind,
                ["name"] = c.Curve.Name,
                ["iteration"] = c.Best!.Value.Iteration,
                ["value"] = c.Best.Value.Value,
                ["last"] = Number(c.Curve.Values[^1]),
            })]),
            ["problems"] = new JsonArray([.. run.Run.Problems.Select(p => (JsonNode)p)]),
            ["settings"] = Texts(record?.Settings),
            ["versions"] = Texts(record?.Versions),
            ["curves"] = curves,
            ["evaluation"] = Of(run.Run.Evaluation),
            ["bestEvaluation"] = Of(run.Run.BestEvaluation),
        };
    }

    private static JsonObject Of(RunCurve curve)
    {
        RunCurve thin = curve.Thin(Ranges);
        return new JsonObject
        {
            ["kind"] = curve.Kind,
            ["name"] = curve.Name,
            ["points"] = curve.Values.Count,
            ["iterations"] = new JsonArray([.. thin.Iterations.Select(x => (JsonNode)x)]),
            ["values"] = new JsonArray([.. thin.Values.Select(y => Number(y))]),
        };
    }

    private static JsonNode? Of(EvaluationRecord? evaluation) => evaluation is null ? null : JsonNode.Parse(evaluation.ToJson());

    private static JsonObject? Texts(IReadOnlyDictionary<string, string>? texts) => texts is null ? null : new JsonObject(texts.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value)));

    private static JsonNode? Number(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
