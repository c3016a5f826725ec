using EvenNet.Framework;

namespace EvenNet.Interop;

internal sealed partial class OnnxGraphReader
{
    // Along one axis; means are compared window by window.
    private const int MostWindows = 1 << 16;

    private void ReadPooling(OnnxNode node, PoolKind kind)
    {
        Value x = Plane(node, 0, isPadded: kind == PoolKind.Average);
        if (!node.Has("kernel_shape")) throw node.Wrong("has no kernel_shape");
        Extent kernel = node.Pair("kernel_shape", 1), stride = node.Pair("strides", 1);
        if (node.Pair("dilations", 1) != (Extent)1) throw node.Wrong($"has dilations {node.Pair("dilations", 1)}; poolings without are read");
        if (kernel.Height < 1 || kernel.Width < 1 || stride.Height < 1 || stride.Width < 1) throw node.Wrong($"has a {kernel} window with steps of {stride}");
        if (kind == PoolKind.Max && node.Integer("storage_order", 0) != 0) throw node.Wrong("has storage_order, which is not read");
        // Zeros put before by a node of their own are counted in every mean; the operator's padding only where it says so.
        (Extent before, Extent after) = Padding(node, x with { Before = 0, After = 0 }, kernel, stride);
        bool counts = node.Integer("count_include_pad", 0) != 0, isCeiling = node.Integer("ceil_mode", 0) != 0;
        if (x.IsPadded && before != (Extent)0) throw node.Wrong("pads a value that is padded already");
        var rows = new Windows(x.Node.Shape.Height, kernel.Height, stride.Height, x.Before.Height, x.After.Height, before.Height, after.Height, counts, isCeiling);
        var columns = new Windows(x.Node.Shape.Width, kernel.Width, stride.Width, x.Before.Width, x.After.Width, before.Width, after.Width, counts, isCeiling);
        foreach (bool floor in (ReadOnlySpan<bool>)[false, true])
        {
            var layer = new Pooling(kind, kernel) { Stride = stride, Pad = new Extent(x.Before.Height + before.Height, x.Before.Width + before.Width), Floor = floor };
            Shape made = layer.Infer([x.Node.Shape]);
            OnnxNode last = node;
            if (!rows.Same(made.Height, kind) || !columns.Same(made.Width, kind))
            {
                if (!counts || !rows.Same(made.Height, PoolKind.Max) || !columns.Same(made.Width, PoolKind.Max) || Correction(node, layer, x.Node.Shape, made) is not { } correction) continue;
                done.Add(last = correction);
            }
            Set(last, new Node(Named(last.Outputs.FirstOrDefault("")), layer, x.Node), isFlat: false);
            return;
        }
        throw node.Wrong($"has windows that no pooling here has: {kernel} with steps of {stride}, padded by {before} and {after}{(isCeiling ? ", rounded up" : "")}, on {x.Node.Shape}");
    }

    // The factors that make means over whole windows those over what lies within the padding.
    private OnnxNode? Correction(OnnxNode node, Pooling layer, Shape from, Shape made)
    {
        if (Follower(node, "Mul", out OnnxConstant? factors) is not { } product || !factors!.Shape.SequenceEqual([1, 1, made.Height, made.Width])) return null;
        return factors.Floats().Zip(PoolingArea.Factors(layer, from, made)).All(f => Math.Abs(f.First - f.Second) <= 1e-5f * f.Second) ? product : null;
    }

    /// <summary>Windows along one axis, as ONNX places them.</summary>
    private readonly record struct Windows(int Size, int Kernel, int Stride, int ZerosBefore, int ZerosAfter, int Before, int After, bool Counts, bool IsCeiling)
    {
        /// <summary>Whether a pooling here with padding alike on both sides has as many, and as many cells in each mean.</summary>
        public bool Same(int made, PoolKind kind)
        {
            int size = checked(ZerosBefore + Size + ZerosAfter), room = checked(size + Before + After - Kernel), pad = ZerosBefore + Before;
            if (room < 0 || made > MostWindows) return false;
            int count = (IsCeiling ? checked(room + Stride - 1) : room) / Stride + 1;
            // A last window that would start in the padding after the picture is left out.
            if (IsCeiling && (count - 1) * Stride >= size + Before) count--;
            if (count != made) return false;
            if (kind == PoolKind.Max) return true;
            for (int p = 0; p < count; p++)
            {
                int start = p * Stride - Before, end = start + Kernel;
                int there = Counts ? Math.Min(end, size + After) - start : Math.Min(end, size) - Math.Max(start, 0);
                int ours = Math.Min(p * Stride + Kernel, Size + 2 * pad) - p * Stride;
                if (there != ours) return false;
            }
            return true;
        }
    }

    private void ReadGlobalPooling(OnnxNode node, PoolKind kind)
    {
        Value x = Plane(node, 0);
        Set(node, new Node(Named(node.Outputs.FirstOrDefault("")), new Pooling(kind, new Extent(x.Node.Shape.Height, x.Node.Shape.Width)), x.Node), isFlat: false);
    }

    private void ReadMean(OnnxNode node)
    {
        Value x = Plane(node, 0);
        long[] axes = IsGiven(node, 1) ? ConstantOf(node, 1).Integers() : node.Integers("axes") ?? [];
        if (!axes.Select(a => a < 0 ? a + 4 : a).Order().SequenceEqual([2, 3])) throw node.Wrong($"takes means over the axes [{string.Join(", ", axes.Take(8))}]; height and width, [2, 3], are read");
        Set(node, x.Node.GlobalAveragePool(Named(node.Outputs.FirstOrDefault(""))), isFlat: node.Integer("keepdims", 1) == 0);
    }

    private void ReadPad(OnnxNode node)
    {
        Value x = Whole(node, 0);
        if (node.Text("mode", "constant") != "constant") throw node.Wrong($"has the mode {PrintableName.Of(node.Text("mode", ""))}; padding with zeros is read");
        float filling = IsGiven(node, 2) ? ConstantOf(node, 2) is { Count: 1 } number ? number.Floats()[0] : throw node.Wrong("has no number to pad with") : node.Float("value", 0);
        if (filling != 0) throw node.Wrong($"pads with {filling}; padding with zeros is read");
        if (IsGiven(node, 3)) throw node.Wrong("names its axes, which is not read");
        long[] pads = IsGiven(node, 1) ? ConstantOf(node, 1).Integers() : node.Integers("pads") ?? throw node.Wrong("has no pads");
        int rank = x.IsFlat ? 2 : 4;
        if (pads.Length != 2 * rank || pads.Any(p => p is < 0 or > OnnxNode.LargestSize)) throw node.Wrong($"has pads [{string.Join(", ", pads.Take(8))}]; {2 * rank} sizes from 0 on are expected");
        if (pads[0] != 0 || pads[rank] != 0 || pads[1] != 0) throw node.Wrong("pads samples, or channels at their front, which is not read");
        if (pads[rank + 1] > 0)
        {
            if (!x.IsFlat && pads[2] + pads[3] + pads[6] + pads[7] > 0 || x.IsFlat && !x.IsVector) throw node.Wrong("pads channels and positions at once, which is not read");
            Set(node, x.Node.ChannelPad(Named(node.Outputs.FirstOrDefault("")), checked(x.Node.Shape.Channels + (int)pads[rank + 1])), x.IsFlat);
        }
        else
        {
            Set(node, x.IsFlat ? x : x with { Before = new Extent((int)pads[2], (int)pads[3]), After = new Extent((int)pads[6], (int)pads[7]) });
        }
    }
}
