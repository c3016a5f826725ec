using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Models of other frameworks with their weights. Frozen scales are always multiplied into the weights: ONNX has no such scale.</summary>
internal sealed class OnnxFormat() : ModelFormat(".onnx", "ONNX models")
{
    public override bool HoldsNet => true;

    public override NetInfo ReadNet(string path, NetReading reading)
    {
        using OnnxFile file = OnnxFile.Open(path);
        return FileNets.Of(path, "", file.Graph);
    }

    public override CheckpointReport ReadWeights(ParameterSet parameters, string path, WeightReading reading)
    {
        using OnnxFile file = OnnxFile.Open(path);
        return Checkpoint.Load(parameters, file, reading.Strict, reading.Skip);
    }

    public override void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation) => OnnxExport.Write(
        parameters, path, new OnnxOptions { Name = Path.GetFileNameWithoutExtension(writing.Net.Name), Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [Weights.NetKey] = writing.Net.Name } },
        cancellation);
}
