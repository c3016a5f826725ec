using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;

namespace EvenNet.Interop;

// The types that join, cut and rename sizes.
internal static partial class CaffeLayers
{
    private static void Concat(CaffeGraphBuilder net, LayerParameter layer)
    {
        ConcatParameter p = layer.ConcatParam ?? new();
        RequireChannels(net, layer, p.HasConcatDim ? checked((int)p.ConcatDim) : p.Axis);
        Add(net, layer, new Concat());
    }

    private static void Slice(CaffeGraphBuilder net, LayerParameter layer)
    {
        SliceParameter p = layer.SliceParam ?? new();
        RequireChannels(net, layer, p.HasSliceDim ? checked((int)p.SliceDim) : p.Axis);
        CaffeBlob x = net.Bottom(layer, 0);
        int channels = x.Node.Shape.Channels, parts = layer.Top.Count;
        int[] points = [0, .. p.SlicePoint.Select(point => checked((int)point)), channels];
        if (p.SlicePoint.Count == 0)
        {
            if (channels % parts != 0) throw net.Wrong(layer, $"{parts} tops do not divide the {channels} channels");
            points = [.. Enumerable.Range(0, parts + 1).Select(i => i * (channels / parts))];
        }
        if (points.Length != parts + 1) throw net.Wrong(layer, $"has {parts} tops, which take {parts - 1} of slice_point, got {p.SlicePoint.Count}");
        for (int i = 0; i < parts; i++)
        {
            if (points[i + 1] <= points[i] || points[i + 1] > channels) throw net.Wrong(layer, $"slice_point must rise from 1 to {channels - 1}, got {string.Join(", ", p.SlicePoint)}");
            var cut = new Crop(x.Node.Shape with { Channels = points[i + 1] - points[i] }) { Channel = points[i] };
            net.Top(layer, i, net.NodeOf(layer, parts == 1 ? layer.Name : $"{layer.Name}/{layer.Top[i]}", cut, x.Node), x.Axes);
        }
    }

    // Caffe copies; here a value may have any number of readers.
    private static void Split(CaffeGraphBuilder net, LayerParameter layer)
    {
        CaffeBlob x = net.Bottom(layer, 0);
        for (int i = 0; i < layer.Top.Count; i++) net.Top(layer, i, x.Node, x.Axes);
    }

    private static void Flatten(CaffeGraphBuilder net, LayerParameter layer)
    {
        FlattenParameter p = layer.FlattenParam ?? new();
        CaffeBlob x = net.Bottom(layer, 0);
        int first = x.Axis(p.Axis), last = x.Axis(p.EndAxis);
        if (first < 1 || last < first || last >= x.Axes) throw net.Wrong(layer, $"flattens the axes {p.Axis} to {p.EndAxis} of {x.Axes}; they must lie behind the batch and in order");
        IReadOnlyList<int> sizes = x.Sizes;
        int joined = 1;
        for (int i = first - 1; i < last; i++) joined = checked(joined * sizes[i]);
        Sized(net, layer, [.. sizes.Take(first - 1), joined, .. sizes.Skip(last)]);
    }

    private static void Reshape(CaffeGraphBuilder net, LayerParameter layer)
    {
        ReshapeParameter p = layer.ReshapeParam ?? new();
        CaffeBlob x = net.Bottom(layer, 0);
        IReadOnlyList<long> wanted = p.Shape?.Dim ?? (IReadOnlyList<long>)[];
        // The batch, which no sample has, stands for itself by its 0.
        List<long> sizes = [0, .. x.Sizes.Select(s => (long)s)];
        int first = p.Axis < 0 ? p.Axis + x.Axes + 1 : p.Axis, count = p.NumAxes == -1 ? x.Axes - first : p.NumAxes;
        if (first < 0 || count < 0 || first + count > x.Axes) throw net.Wrong(layer, $"reshapes {p.NumAxes} axes from {p.Axis} of {x.Axes}");
        long[] changed = [.. wanted.Select((d, i) => d == 0 ? (first + i < sizes.Count ? sizes[first + i] : throw net.Wrong(layer, $"keeps axis {first + i}, which the bottom has not")) : d)];
        long[] made = [.. sizes.Take(first), .. changed, .. sizes.Skip(first + count)];
        if (made.Length is < 1 or > 4 || made.Any(d => d < -1) || made.Count(d => d == -1) > 1)
            throw net.Wrong(layer, $"{string.Join("×", wanted)} is no size that is supported: a batch and up to three axes, of which one may be -1");
        long known = made.Skip(1).Where(d => d != -1).Aggregate(1L, (a, b) => checked(a * b));
        int all = x.Node.Shape.Count;
        bool keepsBatch = made[0] == 0 || (made[0] == -1 && known == all);
        if (!keepsBatch) throw net.Wrong(layer, $"changes the batch: {string.Join("×", wanted)} of {x.Node.Shape} a sample; its first size must be 0");
        if (made.Skip(1).Contains(-1) && (known == 0 || all % known != 0)) throw net.Wrong(layer, $"{string.Join("×", wanted)} does not divide the {all} values of a sample");
        Sized(net, layer, [.. made.Skip(1).Select(d => checked((int)(d == -1 ? all / known : d)))]);
    }

    private static void Sized(CaffeGraphBuilder net, LayerParameter layer, IReadOnlyList<int> sizes)
    {
        if (sizes.Count > 3) throw net.Wrong(layer, $"makes {sizes.Count} axes beside the batch; at most three are supported");
        int Size(int axis) => axis < sizes.Count ? sizes[axis] : 1;
        Node node = net.Node(layer, new Reshape(new Shape(Size(0), Size(1), Size(2))), net.Bottom(layer, 0).Node);
        net.Top(layer, 0, node, sizes.Count + 1);
    }

    // Cut to the size of the second bottom along all axes from one on.
    private static void Crop(CaffeGraphBuilder net, LayerParameter layer)
    {
        CropParameter p = layer.CropParam ?? new();
        CaffeBlob x = net.Bottom(layer, 0), like = net.Bottom(layer, 1);
        int first = x.Axis(p.Axis);
        if (first < 1 || first >= x.Axes) throw net.Wrong(layer, $"crops from axis {p.Axis} of {x.Axes}; it must lie behind the batch");
        if (p.Offset.Count > 1 && p.Offset.Count != x.Axes - first) throw net.Wrong(layer, $"crops {x.Axes - first} axes but has {p.Offset.Count} offsets");
        int Offset(int axis) => axis < first || p.Offset.Count == 0 ? 0 : checked((int)p.Offset[p.Offset.Count == 1 ? 0 : axis - first]);
        int Size(int axis, int own, int other) => axis < first ? own : other;
        Shape s = x.Node.Shape, t = like.Node.Shape;
        var cut = new Crop(new Shape(Size(1, s.Channels, t.Channels), Size(2, s.Height, t.Height), Size(3, s.Width, t.Width)))
        {
            Channel = Offset(1),
            Row = x.Axes > 2 ? Offset(2) : 0,
            Column = x.Axes > 3 ? Offset(3) : 0,
        };
        net.Top(layer, 0, net.Node(layer, cut, x.Node), x.Axes);
    }
}
