using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;

namespace EvenNet.Interop;

internal sealed partial class OnnxGraphReader
{
    // A curve of shift + factor · x.
    private void Curve(OnnxNode node, Func<float, float, Layer> layer)
    {
        Value x = Raw(node, 0);
        if (x.IsPadded) x = Whole(node, 0);
        Set(node, new Node(Named(node.Outputs.FirstOrDefault("")), layer(x.Factor, x.Shift), x.Node), x.IsFlat);
    }

    private void ReadPower(OnnxNode node) => Curve(node, ConstantOf(node, 1) is { Count: 1 } exponent
        ? (factor, shift) => new Power(exponent.Floats()[0], factor, shift) : throw node.Wrong("has more than one exponent, which is not read"));

    private void ReadClip(OnnxNode node)
    {
        float Bound(int input, string attribute, float otherwise) => !IsGiven(node, input) ? node.Float(attribute, otherwise)
            : ConstantOf(node, input) is { Count: 1 } bound ? bound.Floats()[0] : throw node.Wrong("has bounds that are not single numbers");
        Apply(node, new Clip(Bound(1, "min", float.MinValue), Bound(2, "max", float.MaxValue)));
    }

    // 1 where a value exceeds a level, else 0: a comparison and its conversion to a number.
    private void ReadThreshold(OnnxNode node)
    {
        string truth = node.Outputs.FirstOrDefault("");
        if (ConstantOf(node, 1) is not { Count: 1 } level || OnlyReader(truth) is not { Operator: "Cast" } cast
            || cast.Integer("to", 0) != (long)TensorProto.Types.DataType.Float || !done.Add(cast)) throw node.Wrong("is read as a value compared with one number, converted by a Cast to floats");
        Value x = Whole(node, 0);
        Set(cast, new Node(Named(cast.Outputs.FirstOrDefault("")), new Threshold(level.Floats()[0]), x.Node), x.IsFlat);
    }

    private void ReadSlice(OnnxNode node)
    {
        Value x = Whole(node, 0);
        long[] starts = Limits("starts", 1), ends = Limits("ends", 2);
        long[] axes = IsGiven(node, 3) ? ConstantOf(node, 3).Integers() : node.Integers("axes") ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        if (IsGiven(node, 4) && ConstantOf(node, 4).Integers().Any(s => s != 1)) throw node.Wrong("takes steps, which is not read");
        int rank = x.IsFlat ? 2 : 4;
        int[] sizes = [x.Node.Shape.Channels, x.Node.Shape.Height, x.Node.Shape.Width], first = [0, 0, 0], count = [.. sizes];
        if (starts.Length != ends.Length || starts.Length != axes.Length) throw node.Wrong($"has {starts.Length} starts, {ends.Length} ends and {axes.Length} axes");
        if (x.IsFlat && !x.IsVector) throw node.Wrong("cuts a flat value that had height and width, which is not read");
        for (int i = 0; i < axes.Length; i++)
        {
            long axis = axes[i] < 0 ? axes[i] + rank : axes[i];
            if (axis < 1 || axis >= rank) throw node.Wrong($"cuts along axis {axes[i]}; channels, rows and columns are read");
            int size = sizes[axis - 1];
            long from = Math.Clamp(starts[i] < 0 ? starts[i] + size : starts[i], 0, size), to = Math.Clamp(ends[i] < 0 ? ends[i] + size : ends[i], 0, size);
            (first[axis - 1], count[axis - 1]) = ((int)from, (int)Math.Max(0, to - from));
        }
        Set(node, x.Node.Crop(Named(node.Outputs.FirstOrDefault("")), new Shape(count[0], count[1], count[2]), first[0], first[1], first[2]), x.IsFlat);

        long[] Limits(string attribute, int input) => IsGiven(node, input) ? ConstantOf(node, input).Integers() : node.Integers(attribute) ?? throw node.Wrong($"has no {attribute}");
    }

    private void ReadSplit(OnnxNode node)
    {
        Value x = Whole(node, 0);
        long axis = node.Integer("axis", 0);
        if (axis < 0) axis += x.IsFlat ? 2 : 4;
        if (axis != 1 || x.IsFlat && !x.IsVector) throw node.Wrong($"splits along axis {node.Integer("axis", 0)}; channels, axis 1, are read");
        int channels = x.Node.Shape.Channels, parts = node.Outputs.Count;
        long[] sizes = IsGiven(node, 1) ? ConstantOf(node, 1).Integers() : node.Integers("split")
            ?? (parts > 0 && channels % parts == 0 ? [.. Enumerable.Repeat((long)channels / parts, parts)] : throw node.Wrong($"splits {channels} channels into {parts} parts of unknown sizes"));
        if (sizes.Length != parts || sizes.Any(s => s < 1 || s > channels) || sizes.Sum() != channels) throw node.Wrong($"splits {channels} channels into [{string.Join(", ", sizes.Take(8))}] for {parts} values");
        int first = 0;
        for (int i = 0; i < parts; first += (int)sizes[i++])
        {
            Value part = new(x.Node.Slice(Named(node.Outputs[i]), first, (int)sizes[i]), x.IsFlat);
            if (constants.ContainsKey(node.Outputs[i]) || !values.TryAdd(node.Outputs[i], part)) throw node.Wrong($"makes {PrintableName.Of(node.Outputs[i])}, which is there already");
        }
    }

    private void ReadDeconvolution(OnnxNode node)
    {
        Value x = Plane(node, 0);
        OnnxConstant weight = ConstantOf(node, 1);
        if (weight.Shape.Count != 4) throw node.Wrong($"has weights of {weight.Shape.Count} dimensions; deconvolutions of pictures have 4");
        (Extent before, Extent after) = node.Pads();
        if (before != after || node.Text("auto_pad", "NOTSET") != "NOTSET" || node.Has("output_shape") || node.Pair("output_padding", 0) != (Extent)0)
            throw node.Wrong("has padding that differs between the sides, or an output_shape, which is not read");
        Extent kernel = new(Size(node, weight, 2, OnnxNode.LargestSize), Size(node, weight, 3, OnnxNode.LargestSize));
        if (node.Has("kernel_shape") && node.Pair("kernel_shape", 1) != kernel) throw node.Wrong($"says that its window is {node.Pair("kernel_shape", 1)}, but its weights are {kernel}");
        int groups = node.Small("group", 1);
        var layer = new Deconvolution(checked(Size(node, weight, 1) * groups), kernel)
        {
            Stride = node.Pair("strides", 1),
            Pad = before,
            Dilation = node.Pair("dilations", 1),
            Groups = groups,
            HasBias = IsGiven(node, 2),
            SharedWith = Owner(node.Inputs[1], x, typeof(Deconvolution)),
        };
        Node made = new(LayerName(node, node.Inputs[1], ".weight"), layer, x.Node);
        KeepAffine(node, made, weight, layer.HasBias ? ConstantOf(node, 2) : null);
        Set(node, made, isFlat: false);
    }
}
