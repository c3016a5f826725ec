using EvenNet.Framework;

namespace EvenNet.Interop;

internal sealed partial class OnnxGraphReader
{
    private void ReadConvolution(OnnxNode node)
    {
        Value x = Plane(node, 0, isPadded: true);
        OnnxConstant weight = ConstantOf(node, 1);
        if (weight.Shape.Count != 4) throw node.Wrong($"has weights of {weight.Shape.Count} dimensions; convolutions of pictures have 4");
        (int outputs, int height, int width) = (Size(node, weight, 0), Size(node, weight, 2, OnnxNode.LargestSize), Size(node, weight, 3, OnnxNode.LargestSize));
        Extent kernel = new(height, width), stride = node.Pair("strides", 1), dilation = node.Pair("dilations", 1);
        if (node.Has("kernel_shape") && node.Pair("kernel_shape", 1) != kernel) throw node.Wrong($"says that its window is {node.Pair("kernel_shape", 1)}, but its weights are {kernel}");
        var layer = new Convolution(outputs, kernel)
        {
            Stride = stride,
            Dilation = dilation,
            Groups = node.Small("group", 1),
            HasBias = IsGiven(node, 2),
            SharedWith = Owner(node.Inputs[1], x, typeof(Convolution)),
        };
        (Extent before, Extent after) = Padding(node, x, layer.Reach, stride);
        layer = layer with { Pad = before };
        Node made = new(LayerName(node, node.Inputs[1], ".weight"), layer, x.Node);
        RequireSame(node, made.Shape, x.Node.Shape, layer.Reach, stride, before, after);
        if (weight.Shape[1] * layer.Groups != x.Node.Shape.Channels)
            throw node.Wrong($"has weights for {weight.Shape[1]} channels in each of {layer.Groups} groups, but its input has {x.Node.Shape.Channels}");
        KeepAffine(node, made, weight, layer.HasBias ? ConstantOf(node, 2) : null);
        Set(node, made, isFlat: false);
    }

    private static int Size(OnnxNode node, OnnxConstant constant, int dimension, int largest = int.MaxValue) =>
        constant.Shape[dimension] is > 0 and var size && size <= largest ? (int)size : throw node.Wrong($"has weights of [{string.Join(", ", constant.Shape)}]");

    // What stands in the model, with what a node of its own has put around.
    private static (Extent Before, Extent After) Padding(OnnxNode node, Value x, Extent reach, Extent stride)
    {
        (Extent before, Extent after) = node.Pads();
        switch (node.Text("auto_pad", "NOTSET"))
        {
            case "NOTSET": break;
            case "VALID": (before, after) = (0, 0); break;
            case "SAME_UPPER" or "SAME_LOWER":
                bool isUpper = node.Text("auto_pad", "") == "SAME_UPPER";
                (int top, int bottom) = Same(x.Node.Shape.Height, reach.Height, stride.Height, isUpper);
                (int left, int right) = Same(x.Node.Shape.Width, reach.Width, stride.Width, isUpper);
                (before, after) = (new Extent(top, left), new Extent(bottom, right));
                break;
            default: throw node.Wrong($"has auto_pad {PrintableName.Of(node.Text("auto_pad", ""))}");
        }
        return (new Extent(before.Height + x.Before.Height, before.Width + x.Before.Width), new Extent(after.Height + x.After.Height, after.Width + x.After.Width));
    }

    private static (int Before, int After) Same(int size, int reach, int stride, bool isUpper)
    {
        if (stride < 1) return (0, 0);
        int total = Math.Max(0, checked(((size + stride - 1) / stride - 1) * stride + reach - size));
        return isUpper ? (total / 2, total - total / 2) : (total - total / 2, total / 2);
    }

    // Layers here pad alike on both sides. That is the same where it makes as many windows: they start alike, and none reaches further.
    private static void RequireSame(OnnxNode node, Shape made, Shape from, Extent reach, Extent stride, Extent before, Extent after)
    {
        int height = (from.Height + before.Height + after.Height - reach.Height) / stride.Height + 1, width = (from.Width + before.Width + after.Width - reach.Width) / stride.Width + 1;
        if (from.Height + before.Height + after.Height < reach.Height || from.Width + before.Width + after.Width < reach.Width || made.Height != height || made.Width != width)
            throw node.Wrong($"pads by {before} before and {after} after, which makes {height}×{width}; padding alike on both sides makes {made.Height}×{made.Width}");
    }

    private void ReadGemm(OnnxNode node)
    {
        Value x = Whole(node, 0);
        OnnxConstant weight = ConstantOf(node, 1);
        if (!x.IsFlat) throw node.Wrong("reads a value that is not flat; a Flatten or Reshape belongs before it");
        if (node.Integer("transA", 0) != 0) throw node.Wrong("transposes its input, which is not read");
        if (weight.Shape.Count != 2) throw node.Wrong($"has weights of {weight.Shape.Count} dimensions, not 2");
        bool isTransposed = node.Integer("transB", 0) != 0;
        float alpha = node.Float("alpha", 1), beta = node.Float("beta", 1);
        InnerProductOf(node, x, weight, node.Inputs[1], isTransposed, alpha, IsGiven(node, 2) ? ConstantOf(node, 2) : null, beta, node);
    }

    private void ReadMatMul(OnnxNode node)
    {
        Value x = Whole(node, 0);
        OnnxConstant weight = ConstantOf(node, 1);
        if (!x.IsFlat || weight.Shape.Count != 2) throw node.Wrong("is read as a flat value times a constant matrix only");
        OnnxNode? sum = Follower(node, "Add", out OnnxConstant? bias);
        if (sum is not null) done.Add(sum);
        InnerProductOf(node, x, weight, node.Inputs[1], isTransposed: false, alpha: 1, sum is null ? null : bias, beta: 1, sum ?? node);
    }

    private void InnerProductOf(OnnxNode node, Value x, OnnxConstant weight, string weightName, bool isTransposed, float alpha, OnnxConstant? bias, float beta, OnnxNode last)
    {
        (int rows, int columns) = (Size(node, weight, 0), Size(node, weight, 1));
        (int outputs, int inputs) = isTransposed ? (rows, columns) : (columns, rows);
        if (inputs != x.Node.Shape.Count) throw node.Wrong($"has weights for {inputs} inputs, but its value has {x.Node.Shape.Count}");
        if (bias is not null && bias.Count != 1 && (bias.Count != outputs || bias.Shape.Count > 2)) throw node.Wrong($"has {bias.Count} biases for {outputs} outputs");
        bool isPlain = isTransposed && alpha == 1 && beta == 1;
        var layer = new InnerProduct(outputs) { HasBias = bias is not null, SharedWith = isPlain ? Owner(weightName, x, typeof(InnerProduct)) : null };
        Node made = new(LayerName(last, weightName, ".weight"), layer, x.Node);
        if (layer.SharedWith is null)
        {
            Keep(node, made, "weight", weight, isPlain ? null : () => Times(isTransposed ? weight.Floats() : Transposed(weight.Floats(), rows, columns), alpha));
            if (bias is { Count: 1 } && outputs > 1) Keep(made, "bias", [outputs], () => Repeated(outputs, beta * bias.Floats()[0])());
            else if (bias is not null) Keep(node, made, "bias", bias, () => Times(bias.Floats(), beta));
        }
        if (isPlain) owners.TryAdd(weightName, made);
        Set(last, made, isFlat: true);
    }

    private void KeepAffine(OnnxNode node, Node made, OnnxConstant weight, OnnxConstant? bias)
    {
        owners.TryAdd(node.Inputs[1], made);
        if (made.Layer.SharedWith is not null) return;
        Keep(node, made, "weight", weight);
        if (bias is not null) Keep(node, made, "bias", bias);
    }

    // The layer whose weights these are already.
    private Node? Owner(string weights, Value x, Type kind) =>
        owners.TryGetValue(weights, out Node? owner) && owner.Layer.GetType() == kind && owner.InputShapes[0].Channels == x.Node.Shape.Channels ? owner : null;

    // «conv1» for «conv1.weight», else the value's own name.
    private string LayerName(OnnxNode node, string weights, string ending)
    {
        string name = weights.EndsWith(ending, StringComparison.Ordinal) ? weights[..^ending.Length] : "";
        return Named(name.Length > 0 && !names.Contains(name) ? name : node.Outputs.FirstOrDefault(""));
    }

    private static float[] Times(float[] values, float factor)
    {
        if (factor != 1)
            foreach (ref float value in values.AsSpan()) value *= factor;
        return values;
    }

    private static float[] Transposed(float[] values, int rows, int columns)
    {
        float[] result = new float[values.Length];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column];
        return result;
    }
}
