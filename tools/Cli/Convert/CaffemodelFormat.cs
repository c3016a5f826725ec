using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Caffe's weights, with the description of the net that they were saved from.</summary>
internal sealed class CaffemodelFormat() : ModelFormat(".caffemodel", "Caffe weights")
{
    public override bool HoldsNet => true;

    public override NetInfo ReadNet(string path, NetReading reading) => PrototxtFormat.Net(CaffeFile.ReadBinary(path), path, reading);

    public override NetSource ReadTrained(string path, NetReading reading) => PrototxtFormat.Trained(CaffeFile.ReadBinary(path), path, reading);

    public override CheckpointReport ReadWeights(ParameterSet parameters, string path, WeightReading reading) =>
        CaffeFile.ReadBinary(path).Load(parameters, reading.Strict, reading.Skip);

    // Scales stand in the description as layers of their own: weights alone, put under the old description, would be another function.
    public override void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation)
    {
        var export = new CaffeExport(parameters, Path.GetFileNameWithoutExtension(path), PrototxtFormat.Source(writing.Net), writing.FoldScale);
        string description = Path.ChangeExtension(path, ".prototxt");
        if (export.HasScaleLayers)
        {
            if (File.Exists(description)) throw new ToolException(ExitCode.Data, $"{path}: the layers' scales need a description of their own, {description}, which exists already; choose another name, or fold them into the weights (convert --fold-scale)");
            export.WriteText(description);
            writing.Note($"the layers' scales stand as Power layers in {description}; use these weights with it and not with the old description");
        }
        export.WriteBinary(path, cancellation);
    }
}
