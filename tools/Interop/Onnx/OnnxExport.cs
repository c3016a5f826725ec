using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;
using Google.Protobuf;

namespace EvenNet.Interop;

/// <summary>How a net is written as ONNX.</summary>
public sealed record OnnxOptions
{
    /// <summary>
    /// True: the weights lie beside the model, in a file with «.data» after its name. False: inside. Null: beside where they are too large for one message.
    /// </summary>
    public bool? WeightsBeside { get; init; }

    /// <summary>The graph's name.</summary>
    public string Name { get; init; } = "net";

    /// <summary>What the file says of itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// Writes a net as ONNX (github.com/onnx/onnx, «Open Neural Network Exchange»), to be run as in testing: dropout passes its input on, batch normalization
/// takes the gathered statistics, losses are left out and their scores are the outputs. The batch is dynamic, frozen scales are multiplied into weights
/// and biases, values and weights keep their names.
/// </summary>
public static class OnnxExport
{
    /// <summary>The operator set that models ask for: the smallest that every runtime of the last years has and that all layers fit.</summary>
    public const int OperatorSet = 17;

    // Of 2022, as the operator set.
    private const int FormatVersion = 8;

    // A message of the wire format ends at 2 GiB; nodes and names want some room as well.
    private const long MostBytesInside = 2_000_000_000;

    /// <summary>What is put after a model's name for the file of its weights.</summary>
    public const string WeightsExtension = ".data";

    /// <summary>The layers that are written; of losses, the scores below them.</summary>
    public static IReadOnlyList<Type> Layers => OnnxGraphWriter.Layers;

    /// <summary>Writes the net with its weights, whole or not at all.</summary>
    /// <exception cref="GraphException">A layer has no counterpart in ONNX; the message names it and those that have.</exception>
    /// <exception cref="IOException">A file could not be written; an earlier model is unchanged.</exception>
    public static void Write(ParameterSet parameters, string path, OnnxOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new OnnxOptions();
        long bytes = parameters.All.Sum(p => (long)sizeof(float) * p.Count);
        ModelProto? model = null;
        if (options.WeightsBeside ?? bytes > MostBytesInside)
        {
            string weights = path + WeightsExtension;
            AtomicFile.Write(weights, stream => model = Model(parameters, options, new OnnxTensors(stream, System.IO.Path.GetFileName(weights), cancellation)), bytes, cancellation);
        }
        else
        {
            if (bytes > MostBytesInside) throw new IOException($"Cannot write {path}: {bytes} bytes of weights do not fit into one ONNX file, which ends at 2 GiB; write them beside it");
            model = Model(parameters, options, new OnnxTensors(cancellation));
        }
        AtomicFile.Write(path, stream => model!.WriteTo(stream), cancellation: cancellation);
    }

    private static ModelProto Model(ParameterSet parameters, OnnxOptions options, OnnxTensors tensors)
    {
        var model = new ModelProto
        {
            IrVersion = FormatVersion,
            ProducerName = "EvenNet",
            Graph = new OnnxGraphWriter(parameters, tensors).Write(options.Name),
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = OperatorSet } },
        };
        foreach ((string key, string value) in options.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }
}
