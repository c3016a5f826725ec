using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Weight files of the tool: what they say of themselves, and what a wrong one is told.</summary>
internal static class Weights
{
    /// <summary>Metadata: what the classes are called, a line each.</summary>
    public const string LabelsKey = "labels";

    /// <summary>Metadata: the net's name.</summary>
    public const string NetKey = "net";

    /// <summary>Metadata: the number of classes.</summary>
    public const string ClassesKey = "classes";

    private const int MostNamed = 20;

    /// <summary>What a file says of its making. No clock and no machine, so that equal runs give equal files.</summary>
    public static Dictionary<string, string> Metadata(string net, int classes, string method, string between, ulong seed) => new(StringComparer.Ordinal)
    {
        [NetKey] = net,
        [ClassesKey] = Text.Invariant(classes),
        ["method"] = method,
        ["between"] = between,
        ["seed"] = Text.Invariant(seed),
    };

    /// <summary>The number of classes that a file was made for, if it is of this net and says so.</summary>
    public static int? Classes(string path, NetInfo net) => (ModelFormats.Find(path) ?? new SafetensorsFormat()).Classes(path, net);

    /// <summary>Loads a file and says what was done otherwise than the file has it.</summary>
    /// <param name="parameters">Where to.</param>
    /// <param name="path">The file.</param>
    /// <param name="skip">Layers to leave as they are.</param>
    /// <param name="ui">Says it.</param>
    /// <param name="advice">What may help where the file does not fit.</param>
    /// <param name="strict">Whether tensors that the net lacks are an error.</param>
    /// <param name="mayLack">Where not strict: whether the file may lack some of the net's parameters, or have them in another size; they are as they were then.</param>
    public static void Load(ParameterSet parameters, string path, IReadOnlyCollection<string> skip, Ui ui, string advice = "use --skip LAYER to leave a layer out, or --classes N for another number of classes", bool strict = true, bool mayLack = false)
    {
        CheckpointReport report;
        try
        {
            report = Read(parameters, path, skip, strict);
        }
        catch (WeightsFormatException error) when (error.Message.Contains("does not fit", StringComparison.Ordinal))
        {
            throw new ToolException(ExitCode.Data, $"{error.Message}\n{advice}", error);
        }
        ui.Note("weights", $"{report.Loaded.Count} tensors from {path}");
        if (report.Reshaped.Count > 0) ui.Note("reshaped", string.Join(", ", report.Reshaped));
        if (report.Skipped.Count > 0) ui.Note("skipped", string.Join(", ", report.Skipped));
        string[] lacking = [.. report.Mismatched, .. report.Missing.Select(name => $"{name} is missing in the file")];
        if (lacking.Length > 0 && !mayLack)
        {
            string more = lacking.Length > MostNamed ? $"\n  and {lacking.Length - MostNamed} more" : "";
            throw new ToolException(ExitCode.Data, $"{path}: does not fit this net:\n  {string.Join("\n  ", lacking.Take(MostNamed))}{more}\n{advice}");
        }
        foreach (string line in lacking) ui.Warn(line);
        if (report.Unused.Count > 0) ui.Note("unused", string.Join(", ", report.Unused));
        if (NotFinite(parameters) is { } bad) throw new ToolException(ExitCode.Data, $"{path}: {bad} holds numbers that are not finite; was it saved after a run diverged?");
    }

    /// <summary>Loads a file of any format.</summary>
    public static CheckpointReport Read(ParameterSet parameters, string path, IReadOnlyCollection<string> skip, bool strict) => ModelFormats.Find(path) is { HoldsWeights: true } format
        ? format.ReadWeights(parameters, path, new WeightReading(strict, skip))
        : Checkpoint.Load(parameters, path, strict, skip);

    /// <summary>The first parameter that holds NaN or infinity, or null.</summary>
    public static string? NotFinite(ParameterSet parameters) =>
        parameters.All.FirstOrDefault(p => !double.IsFinite(parameters.Backend.SquaredNorm(p.Values)))?.Name;

    /// <summary>Fails with the first layer whose weights or outputs are not finite.</summary>
    public static void RequireFinite(ParameterSet parameters, ChangeRateReport rates)
    {
        string? bad = NotFinite(parameters) is { } name ? $"{name} holds"
            : rates.Layers.FirstOrDefault(l => !double.IsFinite(l.OutputMean) || !double.IsFinite(l.OutputStd)) is { } layer ? $"{layer.Name} puts out" : null;
        if (bad is not null) throw new ToolException(ExitCode.Diverged, $"{bad} numbers that are not finite; look at --scale and --mean of the pictures, or choose another --method");
    }
}
