using System.Text.Json;

namespace EvenNet.Framework;

/// <summary>How well a net did on a data set: <c>evaluation.json</c> in the folder of its run. It has a multi-label part or a single-label part.</summary>
public sealed record EvaluationRecord
{
    /// <summary>In a run's folder: the last evaluation.</summary>
    public const string FileName = "evaluation.json";

    /// <summary>In a run's folder: that of the checkpoint with the best monitored value, where it is not the last one.</summary>
    public const string BestFileName = "evaluation-best.json";

    private const string KnownFormat = "evennet-evaluation-1";

    /// <summary>Of the file.</summary>
    public string Format { get; init; } = KnownFormat;

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>Which part of it: «test».</summary>
    public required string Split { get; init; }

    /// <summary>Samples.</summary>
    public required int Samples { get; init; }

    /// <summary>Views of each whose scores were summed.</summary>
    public required int Views { get; init; }

    /// <summary>Steps taken before; null for weights that do not say.</summary>
    public int? Iteration { get; init; }

    /// <summary>The file of the weights, where they came from one.</summary>
    public string? Weights { get; init; }

    /// <summary>Mean loss of a sample; null where it was not computed, or was not finite.</summary>
    public double? Loss { get; init; }

    /// <summary>Where a sample may show several classes.</summary>
    public MultiLabelRecord? MultiLabel { get; init; }

    /// <summary>Where a sample has one class.</summary>
    public SingleLabelRecord? SingleLabel { get; init; }

    /// <summary>The record of an evaluation; the iteration and the weights are set with <c>with</c>.</summary>
    public static EvaluationRecord Of(Evaluation evaluation) => new()
    {
        Dataset = evaluation.Set.Name,
        Split = evaluation.Set.Split,
        Samples = evaluation.Set.Count,
        Views = evaluation.Views,
        Loss = double.IsFinite(evaluation.Loss) ? evaluation.Loss : null,
        MultiLabel = evaluation.Precision is { } precision ? MultiLabelRecord.Of(precision) : null,
        SingleLabel = evaluation.Confusion is { } confusion ? SingleLabelRecord.Of(confusion, evaluation.Top) : null,
    };

    /// <summary>As the file holds it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Readable.EvaluationRecord) + "\n";

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="IOException">It could not be written; an earlier one is unchanged.</exception>
    public void Write(string path) => AtomicFile.WriteText(path, ToJson());

    /// <summary>Reads such a file.</summary>
    /// <exception cref="RunFileException">There is none, or it is broken.</exception>
    public static EvaluationRecord Read(string path)
    {
        if (!File.Exists(path)) throw new RunFileException(path, "there is no such file");
        try
        {
            EvaluationRecord record = JsonSerializer.Deserialize(File.ReadAllBytes(path), RunJson.Readable.EvaluationRecord) ?? throw new JsonException("it is null");
            record.Check();
            return record;
        }
        catch (JsonException error)
        {
            throw new RunFileException(path, $"is no record of an evaluation: {error.Message}", error);
        }
    }

    private void Check()
    {
        if (Format != KnownFormat) throw new JsonException($"its format is {Format ?? "not said"}, not {KnownFormat}");
        if (MultiLabel is null == SingleLabel is null) throw new JsonException($"it has {(MultiLabel is null ? "neither a multiLabel nor" : "both a multiLabel and")} a singleLabel part");
        foreach (ClassRecord c in MultiLabel?.Classes ?? [])
            if (c.Curve.Recall.Count != c.Curve.Precision.Count)
                throw new JsonException($"the curve of {c.Name} has {c.Curve.Recall.Count} recalls but {c.Curve.Precision.Count} precisions");
        if (SingleLabel is not { } single) return;
        int classes = single.Classes.Count;
        if (single.Confusion.Count != classes) throw new JsonException($"the confusion has {single.Confusion.Count} rows for {classes} classes");
        for (int row = 0; row < classes; row++)
            if (single.Confusion[row].Count != classes)
                throw new JsonException($"row {row} of the confusion has {single.Confusion[row].Count} counts for {classes} classes");
    }
}
