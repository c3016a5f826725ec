using EvenNet.Framework;

namespace EvenNet.Interop;

internal sealed partial class OnnxGraphWriter
{
    /// <summary>The layers that are written.</summary>
    public static IReadOnlyList<Type> Layers { get; } =
    [
        typeof(Input), typeof(Convolution), typeof(InnerProduct), typeof(Pooling), typeof(Lrn), typeof(LrnWithin), typeof(Relu), typeof(Elu), typeof(Sigmoid), typeof(Tanh),
        typeof(Softmax), typeof(PRelu), typeof(Dropout), typeof(Concat), typeof(Eltwise), typeof(BatchNorm), typeof(Scale), typeof(ChannelPad),
        typeof(Bias), typeof(Power), typeof(Exponential), typeof(Logarithm), typeof(Absolute), typeof(Clip), typeof(Softplus), typeof(Swish), typeof(Threshold), typeof(Reshape), typeof(Crop),
        typeof(Deconvolution),
    ];

    private Value Write(Node node, IReadOnlyList<Node> nodes) => node.Layer switch
    {
        Input => WriteInput(node),
        Convolution layer => WriteConvolution(node, layer),
        InnerProduct => WriteInnerProduct(node),
        Pooling { Kind: PoolKind.Max } layer => WriteMaxPooling(node, layer),
        Pooling layer => WriteAveragePooling(node, layer),
        Lrn layer => Add("LRN", node.Name, isFlat: false, [Spatial(node.Inputs[0], node).Name],
            OnnxAttributes.Whole("size", layer.Size), OnnxAttributes.Of("alpha", layer.Alpha), OnnxAttributes.Of("beta", layer.Beta), OnnxAttributes.Of("bias", layer.K)),
        LrnWithin layer => WriteLrnWithin(node, layer),
        Relu { Slope: 0 } => Through(node, "Relu"),
        Relu layer => Through(node, "LeakyRelu", OnnxAttributes.Of("alpha", layer.Slope)),
        Elu layer => Through(node, "Elu", OnnxAttributes.Of("alpha", layer.Alpha)),
        Sigmoid => Through(node, "Sigmoid"),
        Tanh => Through(node, "Tanh"),
        Softmax => Through(node, "Softmax", OnnxAttributes.Whole("axis", 1)),
        PRelu => WritePRelu(node),
        Dropout layer => Add("Dropout", node.Name, values[node.Inputs[0]].IsFlat, [values[node.Inputs[0]].Name, Number(node, "ratio", layer.Rate)]),
        Concat => WriteConcat(node),
        Eltwise layer => WriteEltwise(node, layer),
        BatchNorm layer => WriteBatchNorm(node, layer, nodes),
        Scale layer => WriteScale(node, layer),
        ChannelPad => WriteChannelPad(node),
        Bias => WriteBias(node),
        Absolute => Through(node, "Abs"),
        Softplus => Through(node, "Softplus"),
        Clip layer => Add("Clip", node.Name, values[node.Inputs[0]].IsFlat, [values[node.Inputs[0]].Name, Number(node, "least", layer.Least), Number(node, "most", layer.Most)]),
        Power layer => WritePower(node, layer),
        Exponential layer => Add("Exp", node.Name, values[node.Inputs[0]].IsFlat, [Shifted(node, layer.Factor * layer.LogBase, layer.Shift * layer.LogBase)]),
        Logarithm layer => WriteLogarithm(node, layer),
        Swish layer => WriteSwish(node, layer),
        Threshold layer => WriteThreshold(node, layer),
        Reshape layer => WriteReshape(node, layer),
        Crop layer => WriteCrop(node, layer),
        Deconvolution layer => WriteDeconvolution(node, layer),
        _ => throw new GraphException($"{node.Name} ({node.Layer.GetType().Name}): this layer has no counterpart in ONNX's operators. Those that have: "
            + $"{string.Join(", ", Layers.Select(l => l.Name))}; losses are left out at the end of a net"),
    };

    private Value WriteInput(Node node)
    {
        var value = new Value(node.Name, IsFlat: node.Shape is { Height: 1, Width: 1 });
        graph.Input.Add(Described(value, node.Shape));
        return value;
    }

    // An operator of one input that does not care how it lies.
    private Value Through(Node node, string @operator, params IReadOnlyList<OnnxFormat.AttributeProto> attributes) =>
        Add(@operator, node.Name, values[node.Inputs[0]].IsFlat, [values[node.Inputs[0]].Name], attributes);

    private Value WriteConvolution(Node node, Convolution layer) => Add("Conv", node.Name, isFlat: false, [Spatial(node.Inputs[0], node).Name, .. Scaled(node)],
        OnnxAttributes.Of("kernel_shape", layer.Kernel), OnnxAttributes.Of("strides", layer.Stride), OnnxAttributes.Pads(layer.Pad, layer.Pad),
        OnnxAttributes.Of("dilations", layer.Dilation), OnnxAttributes.Whole("group", layer.Groups));

    private Value WriteInnerProduct(Node node) =>
        Add("Gemm", node.Name, isFlat: true, [Flat(node.Inputs[0], node).Name, .. Scaled(node)], OnnxAttributes.Whole("transB", 1));

    // z = s · (W x + b) as (s · W) x + s · b.
    private string[] Scaled(Node node)
    {
        float scale = parameters.Scale(node).Read()[0];
        Parameter weight = parameters.Weight(node);
        string weightName = Constant(weight.Name, weight.Spec.Dimensions, () => Multiplied(weight, scale));
        return parameters.Bias(node) is { } bias ? [weightName, Constant(bias.Name, bias.Spec.Dimensions, () => Multiplied(bias, scale))] : [weightName];
    }

    private static float[] Multiplied(Parameter parameter, float factor)
    {
        float[] values = parameter.Read();
        if (factor != 1)
            foreach (ref float value in values.AsSpan()) value *= factor;
        return values;
    }

    private Value WriteMaxPooling(Node node, Pooling layer) => Add("MaxPool", node.Name, isFlat: false, [Spatial(node.Inputs[0], node).Name],
        OnnxAttributes.Of("kernel_shape", layer.Kernel), OnnxAttributes.Of("strides", layer.Stride), OnnxAttributes.Pads(layer.Pad, After(node, layer)));

    // A window's area here counts what is padded and not what hangs over the padding. ONNX counts its padding altogether or not at all, so without
    // padding what hangs over is not counted, and with it everything is, and the border's means are corrected by a factor for each position.
    private Value WriteAveragePooling(Node node, Pooling layer)
    {
        string x = Spatial(node.Inputs[0], node).Name;
        Shape from = node.InputShapes[0];
        bool isPadded = layer.Pad != (Extent)0;
        if (!isPadded && layer.Kernel == new Extent(from.Height, from.Width)) return Add("GlobalAveragePool", node.Name, isFlat: false, [x]);
        float[] factors = isPadded ? PoolingArea.Factors(layer, from, node.Shape) : [];
        bool isCorrected = factors.Any(f => f != 1);
        Value means = Add("AveragePool", isCorrected ? Between(node, "means") : node.Name, isFlat: false, [x], OnnxAttributes.Of("kernel_shape", layer.Kernel),
            OnnxAttributes.Of("strides", layer.Stride), OnnxAttributes.Pads(layer.Pad, After(node, layer)), OnnxAttributes.Whole("count_include_pad", isPadded ? 1 : 0));
        return isCorrected ? Add("Mul", node.Name, isFlat: false, [means.Name, Constant(Unique($"{node.Name}.factors"), [1, 1, node.Shape.Height, node.Shape.Width], () => factors)]) : means;
    }

    // Rows and columns that the last windows need after the image: what lets ONNX round down and come to the same size.
    private static Extent After(Node node, Pooling layer)
    {
        Shape from = node.InputShapes[0];
        return new Extent(
            Math.Max(0, (node.Shape.Height - 1) * layer.Stride.Height + layer.Kernel.Height - from.Height - layer.Pad.Height),
            Math.Max(0, (node.Shape.Width - 1) * layer.Stride.Width + layer.Kernel.Width - from.Width - layer.Pad.Width));
    }

    // y = x · (1 + α · mean of x² over the window, zeros beyond the border)^−β.
    private Value WriteLrnWithin(Node node, LrnWithin layer)
    {
        string x = Spatial(node.Inputs[0], node).Name;
        int border = (layer.Size - 1) / 2;
        string squares = Add("Mul", Between(node, "squares"), isFlat: false, [x, x]).Name;
        string means = Add("AveragePool", Between(node, "means"), isFlat: false, [squares], OnnxAttributes.Of("kernel_shape", (Extent)layer.Size),
            OnnxAttributes.Of("strides", (Extent)1), OnnxAttributes.Pads(border, border), OnnxAttributes.Whole("count_include_pad", 1)).Name;
        string scaled = Add("Mul", Between(node, "scaled"), isFlat: false, [means, Number(node, "alpha", layer.Alpha)]).Name;
        string raised = Add("Add", Between(node, "raised"), isFlat: false, [scaled, Number(node, "one", 1)]).Name;
        string factors = Add("Pow", Between(node, "factors"), isFlat: false, [raised, Number(node, "beta", -layer.Beta)]).Name;
        return Add("Mul", node.Name, isFlat: false, [x, factors]);
    }

    private Value WritePRelu(Node node)
    {
        Parameter slope = parameters.Of(node)[0];
        Value x = values[node.Inputs[0]];
        return Add("PRelu", node.Name, x.IsFlat, [x.Name, ByChannel(slope.Name, slope.Count, x.IsFlat, slope.Read)]);
    }

    // One number a channel, lying so that it meets the channels.
    private string ByChannel(string name, int count, bool isFlat, Func<float[]> numbers) => Constant(name, isFlat ? [count] : [count, 1, 1], numbers);

    private Value WriteConcat(Node node)
    {
        (string[] inputs, bool isFlat) = Alike(node);
        return Add("Concat", node.Name, isFlat, inputs, OnnxAttributes.Whole("axis", 1));
    }

    private Value WriteEltwise(Node node, Eltwise layer)
    {
        (string[] inputs, bool isFlat) = Alike(node);
        if (layer.Kind == EltwiseKind.Max) return Add("Max", node.Name, isFlat, inputs);
        if (layer.Kind == EltwiseKind.Sum)
        {
            for (int i = 0; i < inputs.Length; i++)
                if (layer.Coefficient(i) != 1) inputs[i] = Add("Mul", Between(node, $"part{i}"), isFlat, [inputs[i], Number(node, $"coefficient{i}", layer.Coefficient(i))]).Name;
            return Add("Sum", node.Name, isFlat, inputs);
        }
        string product = inputs[0];
        for (int i = 1; i < inputs.Length; i++) product = Add("Mul", i == inputs.Length - 1 ? node.Name : Between(node, $"product{i}"), isFlat, [product, inputs[i]]).Name;
        return new Value(product, isFlat);
    }

    // With the scale that alone reads it, in one operator; the node then has the normalization's name and the value the scale's.
    private Value WriteBatchNorm(Node node, BatchNorm layer, IReadOnlyList<Node> nodes)
    {
        Value x = values[node.Inputs[0]];
        int channels = node.Shape.Channels;
        IReadOnlyList<Parameter> statistics = parameters.Of(node);
        float count = statistics[2].Read()[0];
        float[] Mean(Parameter sum) => [.. sum.Read().Select(v => count == 0 ? 0 : v / count)];
        Node? scale = readers[node] == 1 ? nodes.FirstOrDefault(n => n.Layer is Scale && n.Inputs[0] == node) : null;
        Parameter? weight = scale is null ? null : parameters.Weight(scale), bias = scale is null ? null : parameters.Bias(scale);
        string[] inputs =
        [
            x.Name,
            weight is null ? Constant($"{node.Name}.weight", [channels], () => Filled(channels, 1)) : Constant(weight.Name, [channels], weight.Read),
            bias is null ? Constant($"{node.Name}.bias", [channels], () => Filled(channels, 0)) : Constant(bias.Name, [channels], bias.Read),
            Constant($"{node.Name}.mean", [channels], () => Mean(statistics[0])), Constant($"{node.Name}.variance", [channels], () => Mean(statistics[1])),
        ];
        Value y = Add("BatchNormalization", scale?.Name ?? node.Name, x.IsFlat, inputs, OnnxAttributes.Of("epsilon", layer.Epsilon));
        graph.Node[^1].Name = node.Name;
        if (scale is not null) values[scale] = y;
        return y;
    }

    private static float[] Filled(int count, float value)
    {
        float[] values = new float[count];
        values.AsSpan().Fill(value);
        return values;
    }

    private Value WriteScale(Node node, Scale layer)
    {
        Value x = values[node.Inputs[0]];
        Parameter weight = parameters.Weight(node);
        string factors = ByChannel(weight.Name, weight.Count, x.IsFlat, weight.Read);
        if (!layer.HasBias) return Add("Mul", node.Name, x.IsFlat, [x.Name, factors]);
        Parameter bias = parameters.Bias(node)!;
        Value product = Add("Mul", Between(node, "scaled"), x.IsFlat, [x.Name, factors]);
        return Add("Add", node.Name, x.IsFlat, [product.Name, ByChannel(bias.Name, bias.Count, x.IsFlat, bias.Read)]);
    }

    private Value WriteChannelPad(Node node)
    {
        Value x = values[node.Inputs[0]];
        int more = node.Shape.Channels - node.InputShapes[0].Channels;
        return Add("Pad", node.Name, x.IsFlat, [x.Name, x.IsFlat ? Integers(node, "pads", 0, 0, 0, more) : Integers(node, "pads", 0, 0, 0, 0, 0, more, 0, 0)]);
    }
}
