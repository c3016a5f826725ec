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

    public override NetSource ReadTrained(string path, NetReading reading) => Trained(CaffeFile.ReadText(path), path, reading);

    public override void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation) =>
        new CaffeExport(parameters, Path.GetFileNameWithoutExtension(path), Source(writing.Net), writing.FoldScale).WriteText(path);

    /// <summary>The net of a file that has been read.</summary>
    internal static NetInfo Net(CaffeFile file, string path, NetReading reading)
    {
        CaffeGraph graph = file.Graph(new CaffeState { Input = reading.InputSize });
        foreach (string note in graph.Notes) reading.Note(note);
        return FileNets.Of(path, file.Name, graph.Graph);
    }

    /// <summary>The net of a file that has been read, in the phase of training.</summary>
    internal static NetSource Trained(CaffeFile file, string path, NetReading reading)
    {
        var state = new CaffeState { Phase = Phase.Train, Input = reading.InputSize };
        CaffeGraph graph = file.Graph(state);
        foreach (string note in graph.Notes) reading.Note(note);
        return new(FileNets.Of(path, file.Name, graph.Graph), graph.Graph) { Caffe = graph, Transform = file.Transform(state) };
    }
}
