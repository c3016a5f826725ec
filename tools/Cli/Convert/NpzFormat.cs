using EvenNet.Framework;
using EvenNet.Interop;

namespace EvenNet.Cli;

/// <summary>Weights as numpy keeps them. They do not say whose they are.</summary>
internal sealed class NpzFormat() : ModelFormat(".npz", "numpy arrays")
{
    public override CheckpointReport ReadWeights(ParameterSet parameters, string path, WeightReading reading)
    {
        using NpzFile file = Npz.Open(path);
        return Checkpoint.Load(parameters, file, reading.Strict, reading.Skip);
    }

    public override void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation)
    {
        if (writing.FoldScale) ScaleFolding.Fold(parameters);
        Npz.Save(parameters, path, cancellation);
    }
}
