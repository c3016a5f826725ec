using EvenNet.Framework;

namespace EvenNet.Interop;

internal sealed partial class OnnxGraphReader
{
    /// <summary>What <see cref="Read(OnnxNode)"/> knows.</summary>
    public static IReadOnlyList<string> Operators { get; } =
    [
        "Abs", "Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Constant", "Conv", "ConvTranspose", "Div", "Dropout", "Elu", "Exp", "Flatten", "Gemm", "GlobalAveragePool",
        "GlobalMaxPool", "Greater", "Identity", "LRN", "LeakyRelu", "Log", "MatMul", "Max", "MaxPool", "Mul", "PRelu", "Pad", "Pow", "ReduceMean", "Relu", "Reshape", "Sigmoid", "Slice",
        "Softmax", "Softplus", "Split", "Squeeze", "Sub", "Sum", "Tanh",
    ];

    private void Read(OnnxNode node)
    {
        if (!IsOnnx(node.Domain)) throw node.Wrong($"is an operator of {PrintableName.Of(node.Domain)}; only ONNX's own are read");
        switch (node.Operator)
        {
            case "Conv": ReadConvolution(node); break;
            case "Gemm": ReadGemm(node); break;
            case "MatMul": ReadMatMul(node); break;
            case "MaxPool": ReadPooling(node, PoolKind.Max); break;
            case "AveragePool": ReadPooling(node, PoolKind.Average); break;
            case "GlobalAveragePool": ReadGlobalPooling(node, PoolKind.Average); break;
            case "GlobalMaxPool": ReadGlobalPooling(node, PoolKind.Max); break;
            case "ReduceMean": ReadMean(node); break;
            case "LRN": ReadLrn(node); break;
            case "Relu": Apply(node, new Relu()); break;
            case "LeakyRelu": Apply(node, new Relu(node.Float("alpha", 0.01f))); break;
            case "Elu": Apply(node, new Elu(node.Float("alpha", 1))); break;
            case "Sigmoid": Apply(node, new Sigmoid()); break;
            case "Tanh": Apply(node, new Tanh()); break;
            case "Abs": Apply(node, new Absolute()); break;
            case "Softplus": Apply(node, new Softplus()); break;
            case "Exp": Curve(node, (factor, shift) => new Exponential(Factor: factor, Shift: shift)); break;
            case "Log": Curve(node, (factor, shift) => new Logarithm(Factor: factor, Shift: shift)); break;
            case "Pow": ReadPower(node); break;
            case "Clip": ReadClip(node); break;
            case "Greater": ReadThreshold(node); break;
            case "Slice": ReadSlice(node); break;
            case "Split": ReadSplit(node); break;
            case "ConvTranspose": ReadDeconvolution(node); break;
            case "Softmax": ReadSoftmax(node); break;
            case "PRelu": ReadPRelu(node); break;
            case "Dropout": ReadDropout(node); break;
            case "Identity": ReadIdentity(node); break;
            case "Flatten": ReadFlatten(node); break;
            case "Reshape": ReadReshape(node); break;
            case "Squeeze": ReadSqueeze(node); break;
            case "Pad": ReadPad(node); break;
            case "Concat": ReadConcat(node); break;
            case "Add" or "Sum" or "Sub": ReadSum(node); break;
            case "Mul" or "Div": ReadProduct(node); break;
            case "Max": Combine(node, EltwiseKind.Max); break;
            case "BatchNormalization": ReadBatchNormalization(node); break;
            default: throw node.Wrong($"is an operator that is not read; these are: {string.Join(", ", Operators)}");
        }
    }

    // A layer of one input that does not care how it lies.
    private void Apply(OnnxNode node, Layer layer)
    {
        Value x = Whole(node, 0);
        Set(node, new Node(Named(node.Outputs.FirstOrDefault("")), layer, x.Node), x.IsFlat);
    }

    private void ReadLrn(OnnxNode node)
    {
        Value x = Plane(node, 0);
        Set(node, x.Node.Lrn(Named(node.Outputs[0]), node.Small("size", 0), node.Float("alpha", 1e-4f), node.Float("beta", 0.75f), node.Float("bias", 1)), isFlat: false);
    }

    private void ReadSoftmax(OnnxNode node)
    {
        Value x = Whole(node, 0);
        long axis = node.Integer("axis", operatorSet >= SoftmaxByAxis ? -1 : 1);
        if (axis < 0) axis += x.IsFlat ? 2 : 4;
        bool isAlike = x.IsVector || !x.IsFlat && operatorSet >= SoftmaxByAxis;
        if (axis != 1 || !isAlike) throw node.Wrong($"is taken along axis {node.Integer("axis", -1)} of a value of {x.Node.Shape}; it is read along the channels");
        Apply(node, new Softmax());
    }

    private void ReadPRelu(OnnxNode node)
    {
        Value x = Whole(node, 0);
        OnnxConstant slope = ConstantOf(node, 1);
        bool isShared = slope.Count == 1;
        if (!isShared) RequireChannels(node, slope, x);
        string name = LayerName(node, node.Inputs[1], ".slope");
        Node made = new(name, new PRelu(isShared) { SharedWith = Owner(node.Inputs[1], x, typeof(PRelu)) }, x.Node);
        if (made.Layer.SharedWith is null) Keep(node, made, "slope", slope);
        owners.TryAdd(node.Inputs[1], made);
        Set(node, made, x.IsFlat);
    }

    private void ReadDropout(OnnxNode node)
    {
        float rate = node.Float("ratio", 0.5f);
        if (IsGiven(node, 1)) rate = ConstantOf(node, 1) is { Count: 1 } number ? number.Floats()[0] : throw node.Wrong("has no number as its ratio");
        Apply(node, new Dropout(rate));
    }

    // PyTorch writes equal constants once and the others as copies.
    private void ReadIdentity(OnnxNode node)
    {
        if (!constants.TryGetValue(Input(node, 0), out OnnxConstant? constant)) Set(node, Raw(node, 0));
        else if (node.Outputs.Count == 0 || values.ContainsKey(node.Outputs[0]) || !constants.TryAdd(node.Outputs[0], constant)) throw node.Wrong("makes a value that is there already, or none");
    }

    private void ReadFlatten(OnnxNode node)
    {
        long axis = node.Integer("axis", 1);
        Value x = Whole(node, 0);
        if (axis != 1 && axis != (x.IsFlat ? -1 : -3)) throw node.Wrong($"starts at axis {axis}; samples must stay apart, so 1 is read");
        Set(node, Reshaped(node, x, new Shape(x.Node.Shape.Count)), isFlat: true);
    }

    // What is made flat for an inner product alone needs no layer: inner products read any shape.
    private Node Reshaped(OnnxNode node, Value x, Shape to)
    {
        string output = node.Outputs.FirstOrDefault("");
        bool isForProduct = to is { Height: 1, Width: 1 } && OnlyReader(output)?.Operator is "Gemm" or "MatMul";
        return to == x.Node.Shape || isForProduct ? x.Node : x.Node.Reshape(Named(output), to.Channels, to.Height, to.Width);
    }

    private void ReadReshape(OnnxNode node)
    {
        Value x = Whole(node, 0);
        long[] to = IsGiven(node, 1) ? ConstantOf(node, 1).Integers() : node.Integers("shape") ?? throw node.Wrong("has no sizes");
        long[] from = x.IsFlat ? [-1, x.Node.Shape.Count] : [-1, x.Node.Shape.Channels, x.Node.Shape.Height, x.Node.Shape.Width];
        string sizes = string.Join(", ", to.Take(8));
        if (to.Length is not (2 or 4)) throw node.Wrong($"makes [{sizes}]; samples × channels × height × width and samples × values are read");
        long[] sample = [.. to.Skip(1).Select((size, i) => size == 0 && i + 1 < from.Length ? from[i + 1] : size)];
        long known = sample.Where(s => s != -1).Aggregate(1L, (a, b) => checked(a * b));
        if (sample.Count(s => s == -1) == 1 && known > 0 && x.Node.Shape.Count % known == 0) sample[Array.IndexOf(sample, -1)] = x.Node.Shape.Count / known;
        if (sample.Any(s => s < 1) || sample.Aggregate(1L, (a, b) => checked(a * b)) != x.Node.Shape.Count) throw node.Wrong($"makes [{sizes}] of samples of {x.Node.Shape}; samples must stay apart and keep their values");
        var shape = new Shape((int)sample[0], sample.Length == 1 ? 1 : (int)sample[1], sample.Length == 1 ? 1 : (int)sample[2]);
        Set(node, Reshaped(node, x, shape), isFlat: sample.Length == 1);
    }

    private void ReadSqueeze(OnnxNode node)
    {
        Value x = Plane(node, 0);
        long[] axes = IsGiven(node, 1) ? ConstantOf(node, 1).Integers() : node.Integers("axes") ?? [2, 3];
        if (!axes.Select(a => a < 0 ? a + 4 : a).Order().SequenceEqual([2, 3]) || !x.IsVector) throw node.Wrong($"takes the axes [{string.Join(", ", axes.Take(8))}] out of samples of {x.Node.Shape}; height and width of one are read");
        Set(node, x with { IsFlat = true });
    }

    private void ReadConcat(OnnxNode node)
    {
        Value[] parts = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Whole(node, i))];
        bool isFlat = AllFlat(node, parts);
        long axis = node.Integer("axis", 1);
        if (axis < 0) axis += isFlat ? 2 : 4;
        if (axis != 1) throw node.Wrong($"joins along axis {node.Integer("axis", 1)}; channels, axis 1, are read");
        Set(node, Node.Concat(Named(node.Outputs.FirstOrDefault("")), [.. parts.Select(p => p.Node)]), isFlat);
    }

    private static bool AllFlat(OnnxNode node, IReadOnlyList<Value> parts)
    {
        if (parts.Count == 0) throw node.Wrong("has no inputs");
        return parts.All(p => p.IsFlat == parts[0].IsFlat) ? parts[0].IsFlat : throw node.Wrong("reads flat values and others");
    }

    // A constant with one number for each channel.
    private static void RequireChannels(OnnxNode node, OnnxConstant constant, Value x)
    {
        int channels = x.Node.Shape.Channels;
        long[] shape = [.. constant.Shape];
        bool fits = x.IsFlat ? x.IsVector && (shape is [var c] && c == channels || shape is [1, var d] && d == channels)
            : shape is [var e, 1, 1] && e == channels || shape is [1, var f, 1, 1] && f == channels;
        if (!fits) throw node.Wrong($"takes the constant {constant.Name} [{string.Join(", ", shape)}] with samples of {x.Node.Shape}; one number for all or one for each channel is read");
    }
}
