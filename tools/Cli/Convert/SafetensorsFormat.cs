using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>EvenNet's own weight files. Those that this program wrote name their net, if it is one of ours.</summary>
internal sealed class SafetensorsFormat() : ModelFormat(".safetensors", "EvenNet weights")
{
    public override NetInfo ReadNet(string path, NetReading reading)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        NetInfo? named = file.Metadata.TryGetValue(Weights.NetKey, out string? name) ? Nets.All.FirstOrDefault(n => n.Name == name) : null;
        if (named is null) return base.ReadNet(path, reading);
        return Weights.Classes(path, named) is { } classes ? named with { Classes = classes } : named;
    }

    public override CheckpointReport ReadWeights(ParameterSet parameters, string path, WeightReading reading) =>
        Checkpoint.Load(parameters, path, reading.Strict, reading.Skip);

    public override void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation)
    {
        if (writing.FoldScale) ScaleFolding.Fold(parameters);
        Checkpoint.Save(parameters, path, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Weights.NetKey] = writing.Net.Name,
            [Weights.ClassesKey] = Text.Invariant(writing.Net.Classes),
        }, cancellation);
    }
}
