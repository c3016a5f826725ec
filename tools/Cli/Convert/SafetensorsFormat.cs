using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>EvenNet's own weight files, and PyTorch's. Those that this program wrote name their net, if it is one of ours.</summary>
internal sealed class SafetensorsFormat() : ModelFormat(".safetensors", "EvenNet weights")
{
    public override NetInfo ReadNet(string path, NetReading reading)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        NetInfo? named = file.Metadata.TryGetValue(Weights.NetKey, out string? name) ? Nets.All.FirstOrDefault(n => n.Name == name) : null;
        if (named is null) return base.ReadNet(path, reading);
        return Weights.Classes(path, named) is { } classes ? named with { Classes = classes } : named;
    }

    public override IReadOnlyDictionary<string, string> Metadata(string path)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        return file.Metadata;
    }

    public override int? Classes(string path, NetInfo net)
    {
        IReadOnlyDictionary<string, string> said = Metadata(path);
        bool isThis = said.TryGetValue(Weights.NetKey, out string? name) && name == net.Name;
        return isThis && said.TryGetValue(Weights.ClassesKey, out string? text) && int.TryParse(text, out int classes) && classes > 0 ? classes : null;
    }

    // A file with PyTorch's names for all of the net's parameters, and not with the net's own, is a state_dict.
    public override CheckpointReport ReadWeights(ParameterSet parameters, string path, WeightReading reading)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        TorchNaming? naming = parameters.All.Any(p => p.Spec.Name == "weight" && file.Find(p.Name) is null)
            ? TorchNaming.Published.Append(TorchNaming.Plain).FirstOrDefault(n => n.Fits(parameters, file)) : null;
        if (naming is null) return Checkpoint.Load(parameters, file, reading.Strict, reading.Skip);
        using var weights = new TorchWeights(file, parameters, naming);
        return Checkpoint.Load(parameters, weights, reading.Strict, reading.Skip);
    }

    public override void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation)
    {
        if (writing.TorchNames)
        {
            TorchWeights.Save(parameters, path, TorchNaming.Published.FirstOrDefault(n => n.Name == writing.Net.Name) ?? TorchNaming.Plain, cancellation);
            return;
        }
        if (writing.FoldScale) ScaleFolding.Fold(parameters);
        Checkpoint.Save(parameters, path, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Weights.NetKey] = writing.Net.Name,
            [Weights.ClassesKey] = Text.Invariant(writing.Net.Classes),
        }, cancellation);
    }
}
