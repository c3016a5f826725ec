using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>What a detector's weight file says of itself: net, cut, classes, and the scaling of its boxes.</summary>
/// <param name="Path">The file.</param>
/// <param name="Info">The net it was made of.</param>
/// <param name="Net">Cut.</param>
/// <param name="Classes">Their names.</param>
/// <param name="Scaling">Of boxes.</param>
/// <param name="Iteration">Steps taken; null where it does not say.</param>
internal sealed record DetectorFile(string Path, NetInfo Info, DetectorNet Net, IReadOnlyList<string> Classes, DeltaScaling Scaling, int? Iteration)
{
    /// <summary>Metadata: where the net was cut.</summary>
    public const string CutKey = "detector.cut";

    /// <summary>Metadata: means and deviations of the boxes' deltas.</summary>
    public const string ScalingKey = "detector.scaling";

    /// <summary>What a training writes into its checkpoints.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Metadata(DetectorNet net, DeltaScaling scaling) => [new(CutKey, net.Cut), new(ScalingKey, $"{scaling}")];

    /// <summary>Whether a file is a detector's.</summary>
    public static bool IsDetector(string path)
    {
        if (ModelFormats.Find(path) is not (null or SafetensorsFormat)) return false;
        using SafetensorsFile file = Safetensors.Open(path);
        return file.Metadata.ContainsKey(ScalingKey);
    }

    /// <summary>Reads what a file says.</summary>
    /// <param name="what">The file, or a run's folder.</param>
    /// <exception cref="ToolException">It is no detector's.</exception>
    public static DetectorFile Open(string what)
    {
        string path = CheckpointFolder.Resolve(what);
        using SafetensorsFile file = Safetensors.Open(path);
        IReadOnlyDictionary<string, string> metadata = file.Metadata;
        if (!metadata.TryGetValue(ScalingKey, out string? scaling) || !metadata.TryGetValue(CutKey, out string? cut)
            || !metadata.TryGetValue(Weights.NetKey, out string? name) || !metadata.TryGetValue(Weights.LabelsKey, out string? labels))
            throw new ToolException(ExitCode.Data, $"{path} is no detector's: it does not say where its net is cut and how its boxes are scaled; evennet detect train makes such files");
        string[] classes = labels.Split('\n');
        NetInfo info = Nets.Find(name);
        DetectorNet net = DetectorNet.Of(info.Outputs(classes.Length)[^1], classes.Length, cut);
        try
        {
            int? iteration = metadata.ContainsKey(CheckpointFolder.IterationKey) ? CheckpointFolder.IterationOf(path) : null;
            return new DetectorFile(path, info, net, classes, DeltaScaling.Parse(scaling, net.Labels), iteration);
        }
        catch (FormatException error)
        {
            throw new ToolException(ExitCode.Data, $"{path}: its {ScalingKey} is broken: {error.Message}", error);
        }
    }

    /// <summary>A detector with the file's weights, and its parameters.</summary>
    public (ParameterSet Parameters, Detector Detector) Load(Backend backend, FastRcnnOptions options, Ui ui)
    {
        var parameters = new ParameterSet(Net.At(DetectionSizes.Nominal, DetectionSizes.Nominal, regions: 1).Graph, backend);
        try
        {
            Weights.Load(parameters, Path, [], ui, "the file does not fit the net that it names");
            return (parameters, new Detector(parameters, Net, Scaling, options));
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }
}

/// <summary>Sizes that no plan is made for.</summary>
internal static class DetectionSizes
{
    /// <summary>A side of pictures in a graph that only says which parameters there are.</summary>
    public const int Nominal = 256;
}
