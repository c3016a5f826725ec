using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Caffe's text description of a net.</summary>
internal sealed class PrototxtFormat() : ModelFormat(".prototxt", "Caffe nets")
{
    public override bool HoldsNet => true;

    public override bool HoldsWeights => false;

    /// <summary>The description that a net came from; null where it came from elsewhere.</summary>
    public static CaffeFile? Source(NetInfo net) => ModelFormats.Find(net.Name) switch
    {
        PrototxtFormat => CaffeFile.ReadText(net.Name),
        CaffemodelFormat => CaffeFile.ReadBinary(net.Name),
        _ => null,
    };

    public override NetInfo ReadNet(string path, NetReading reading) => Net(CaffeFile.ReadText(path), path, reading);

    public override void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation) =>
        new CaffeExport(parameters, Path.GetFileNameWithoutExtension(path), Source(writing.Net), writing.FoldScale).WriteText(path);

    /// <summary>The net of a file that has been read.</summary>
    internal static NetInfo Net(CaffeFile file, string path, NetReading reading)
    {
        CaffeGraph graph = file.Graph(new CaffeState { Input = reading.InputSize });
        foreach (string note in graph.Notes) reading.Note(note);
        return FileNets.Of(path, file.Name, graph.Graph);
    }
}
