using EvenNet.Interop.OnnxFormat;
using Google.Protobuf;

namespace EvenNet.Tests;

/// <summary>Changes a model within its format: other operators, inputs, attributes, sizes and numbers.</summary>
internal static class OnnxDamage
{
    public static void Do(ModelProto model, ModelProto other, Mutator mutator)
    {
        GraphProto graph = model.Graph ??= new GraphProto();
        switch (mutator.Random.Next(9))
        {
            case 0 when graph.Node.Count > 0: mutator.Of(graph.Node).OpType = mutator.Of(EvenNet.Interop.OnnxFile.Operators); break;
            case 1 when graph.Node.Count > 0: Rewire(graph, mutator); break;
            case 2 when graph.Node.Count > 0: Change(mutator.Of(graph.Node), mutator); break;
            case 3 when graph.Initializer.Count > 0: Change(mutator.Of(graph.Initializer), mutator); break;
            case 4 when graph.Input.Count > 0: Resize(mutator.Of(graph.Input), mutator); break;
            case 5 when graph.Node.Count > 0: graph.Node.RemoveAt(mutator.Random.Next(graph.Node.Count)); break;
            case 6 when other.Graph.Node.Count > 0: graph.Node.Insert(mutator.Random.Next(graph.Node.Count + 1), mutator.Of(other.Graph.Node).Clone()); break;
            case 7 when other.Graph.Initializer.Count > 0: graph.Initializer.Add(mutator.Of(other.Graph.Initializer).Clone()); break;
            default:
                if (model.OpsetImport.Count > 0) model.OpsetImport[0].Version = mutator.Random.Next(2) == 0 ? mutator.Random.Next(5, 24) : mutator.OddNumber();
                break;
        }
    }

    private static void Rewire(GraphProto graph, Mutator mutator)
    {
        NodeProto node = mutator.Of(graph.Node), from = mutator.Of(graph.Node);
        string name = mutator.Random.Next(4) switch
        {
            0 => "",
            1 when graph.Initializer.Count > 0 => mutator.Of(graph.Initializer).Name,
            _ => from.Output.FirstOrDefault("data"),
        };
        Google.Protobuf.Collections.RepeatedField<string> list = mutator.Random.Next(4) == 0 ? node.Output : node.Input;
        if (list.Count == 0 || mutator.Random.Next(4) == 0) list.Add(name);
        else list[mutator.Random.Next(list.Count)] = name;
    }

    private static void Change(NodeProto node, Mutator mutator)
    {
        string[] names = ["kernel_shape", "strides", "pads", "dilations", "group", "axis", "alpha", "size", "ceil_mode", "auto_pad", "epsilon", "value", "transB", "count_include_pad", "axes", "mode"];
        if (node.Attribute.Count == 0 || mutator.Random.Next(3) == 0) node.Attribute.Add(new AttributeProto { Name = mutator.Of(names) });
        AttributeProto attribute = mutator.Of(node.Attribute);
        switch (mutator.Random.Next(6))
        {
            case 0: attribute.I = mutator.OddNumber(); break;
            case 1: attribute.F = mutator.Random.Next(3) switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => mutator.OddNumber() }; break;
            case 2 when attribute.Ints.Count > 0: attribute.Ints[mutator.Random.Next(attribute.Ints.Count)] = mutator.OddNumber(); break;
            case 3: attribute.Ints.Add(mutator.OddNumber()); break;
            case 4: attribute.S = ByteString.CopyFromUtf8(mutator.Random.Next(2) == 0 ? "SAME_UPPER" : "reflect"); break;
            default: attribute.Type = (AttributeProto.Types.AttributeType)mutator.Random.Next(12); break;
        }
    }

    private static void Change(TensorProto tensor, Mutator mutator)
    {
        switch (mutator.Random.Next(6))
        {
            case 0 when tensor.Dims.Count > 0: tensor.Dims[mutator.Random.Next(tensor.Dims.Count)] = mutator.OddNumber(); break;
            case 1: tensor.Dims.Add(mutator.OddNumber()); break;
            case 2: tensor.DataType = mutator.Random.Next(20); break;
            case 3 when tensor.Dims.Count > 1: (tensor.Dims[0], tensor.Dims[1]) = (tensor.Dims[1], tensor.Dims[0]); break;
            case 4:
                tensor.DataLocation = TensorProto.Types.DataLocation.External;
                string[] places = ["net.data", "../x", "/etc/hostname", "", "a/../../b", ".", "x\0y"];
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = mutator.Of(places) });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = mutator.Random.Next(2) == 0 ? "offset" : "length", Value = $"{mutator.OddNumber()}" });
                break;
            default: tensor.Int64Data.Add(mutator.OddNumber()); break;
        }
    }

    private static void Resize(ValueInfoProto input, Mutator mutator)
    {
        var sizes = input.Type?.TensorType?.Shape?.Dim;
        if (sizes is null || sizes.Count == 0 || mutator.Random.Next(8) == 0) input.Type = null;
        else if (mutator.Random.Next(4) == 0) sizes.RemoveAt(mutator.Random.Next(sizes.Count));
        else sizes[mutator.Random.Next(sizes.Count)].DimValue = mutator.OddNumber();
    }
}
