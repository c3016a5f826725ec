using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;

namespace EvenNet.Interop;

internal sealed partial class OnnxGraphWriter
{
    // shift + factor · x, as far as there is something to do.
    private string Shifted(Node node, double factor, double shift)
    {
        (string name, bool isFlat) = (values[node.Inputs[0]].Name, values[node.Inputs[0]].IsFlat);
        if (factor != 1) name = Add("Mul", Between(node, "scaled"), isFlat, [name, Number(node, "factor", (float)factor)]).Name;
        if (shift != 0) name = Add("Add", Between(node, "shifted"), isFlat, [name, Number(node, "shift", (float)shift)]).Name;
        return name;
    }

    private Value WritePower(Node node, Power layer)
    {
        bool isFlat = values[node.Inputs[0]].IsFlat;
        string x = Shifted(node, layer.Factor, layer.Shift);
        return layer.Exponent == 1 ? Add("Identity", node.Name, isFlat, [x]) : Add("Pow", node.Name, isFlat, [x, Number(node, "exponent", layer.Exponent)]);
    }

    private Value WriteLogarithm(Node node, Logarithm layer)
    {
        bool isFlat = values[node.Inputs[0]].IsFlat;
        string x = Shifted(node, layer.Factor, layer.Shift);
        if (layer.LogBase == 1) return Add("Log", node.Name, isFlat, [x]);
        Value natural = Add("Log", Between(node, "natural"), isFlat, [x]);
        return Add("Mul", node.Name, isFlat, [natural.Name, Number(node, "base", (float)(1 / layer.LogBase))]);
    }

    private Value WriteSwish(Node node, Swish layer)
    {
        Value x = values[node.Inputs[0]];
        Value gate = Add("Sigmoid", Between(node, "gate"), x.IsFlat, [Shifted(node, layer.Beta, 0)]);
        return Add("Mul", node.Name, x.IsFlat, [x.Name, gate.Name]);
    }

    private Value WriteThreshold(Node node, Threshold layer)
    {
        Value x = values[node.Inputs[0]];
        Value exceeds = Add("Greater", Between(node, "exceeds"), x.IsFlat, [x.Name, Number(node, "level", layer.Level)]);
        return Add("Cast", node.Name, x.IsFlat, [exceeds.Name], OnnxAttributes.Whole("to", (long)TensorProto.Types.DataType.Float));
    }

    private Value WriteBias(Node node)
    {
        Value x = values[node.Inputs[0]];
        Parameter bias = parameters.Bias(node)!;
        return Add("Add", node.Name, x.IsFlat, [x.Name, ByChannel(bias.Name, bias.Count, x.IsFlat, bias.Read)]);
    }

    private Value WriteReshape(Node node, Reshape layer)
    {
        bool isFlat = layer.To is { Height: 1, Width: 1 };
        string sizes = isFlat ? Integers(node, "sizes", 0, layer.To.Channels) : Integers(node, "sizes", 0, layer.To.Channels, layer.To.Height, layer.To.Width);
        return Add("Reshape", node.Name, isFlat, [values[node.Inputs[0]].Name, sizes]);
    }

    private Value WriteCrop(Node node, Crop layer)
    {
        Value x = values[node.Inputs[0]];
        long[] starts = [layer.Channel, layer.Row, layer.Column], ends = [layer.Channel + layer.Size.Channels, layer.Row + layer.Size.Height, layer.Column + layer.Size.Width];
        int axes = x.IsFlat ? 1 : 3;
        return Add("Slice", node.Name, x.IsFlat, [x.Name, Integers(node, "starts", starts[..axes]), Integers(node, "ends", ends[..axes]), Integers(node, "axes", new long[] { 1, 2, 3 }[..axes])]);
    }

    private Value WriteDeconvolution(Node node, Deconvolution layer)
    {
        Parameter weight = parameters.Weight(node);
        List<string> inputs = [Spatial(node.Inputs[0], node).Name, Constant(weight.Name, weight.Spec.Dimensions, weight.Read)];
        if (parameters.Bias(node) is { } bias) inputs.Add(Constant(bias.Name, bias.Spec.Dimensions, bias.Read));
        return Add("ConvTranspose", node.Name, isFlat: false, inputs, OnnxAttributes.Of("kernel_shape", layer.Kernel), OnnxAttributes.Of("strides", layer.Stride),
            OnnxAttributes.Pads(layer.Pad, layer.Pad), OnnxAttributes.Of("dilations", layer.Dilation), OnnxAttributes.Whole("group", layer.Groups));
    }
}
