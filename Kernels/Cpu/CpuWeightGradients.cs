using EvenNet.Framework;
using LayoutKind = EvenNet.Framework.LayoutKind;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Weight gradients outside a plan, from tensors as they lie: <see cref="DirectWeightGradient"/> on any samples of blocked values, and
/// <see cref="WinogradWeightSquares"/> where single images' squares are wanted and it pays. Where the border
/// around x is narrower than the window reaches, the samples are copied to where there is room.
/// </summary>
internal sealed unsafe class CpuWeightGradients(Threads threads) : IDisposable
{
    // Both grow to what the largest call needs and are used again.
    private CpuMemory scratch = new(0), bordered = new(0);

    /// <inheritdoc cref="Backend.AddWeightGradients"/>
    public bool Add(Convolution layer, Tensor x, Tensor dy, int first, int count, bool squares, Span<float> sums)
    {
        ConvolutionShape shape = ConvolutionShape.Of(layer, count, x.Shape);
        bool blocked = x.Layout.Kind == LayoutKind.Blocked;
        if (dy.Layout.Kind != LayoutKind.Blocked || dy.Shape.Channels != layer.Outputs || !DirectConvolution.Supports(shape, blocked)) return false;
        if (sums.Length != (long)layer.Outputs * shape.FanIn)
            throw new ArgumentException($"{layer.Outputs} outputs × {shape.FanIn} weights are {(long)layer.Outputs * shape.FanIn} sums, got {sums.Length}");

        HaloLayout source = HaloLayout.Of(x), gradient = HaloLayout.Of(dy);
        float* samples = CpuTensor.Pointer(x.Region) + first * source.Sample;
        int reach = Reach(shape, dy.Shape);
        if (reach > source.Halo)
        {
            HaloLayout wide = source with { Halo = reach, SampleGap = 0 };
            samples = Copy(samples, source, wide, count);
            source = wide;
        }
        float* errors = CpuTensor.Pointer(dy.Region) + first * gradient.Sample;
        fixed (float* target = sums)
        {
            if (squares && blocked && WinogradWeightSquares.Pays(shape, gradient))
            {
                var fast = new WinogradWeightSquares(shape, source, gradient, threads, VectorWidth.Widest);
                fast.Add(samples, errors, target, Scratch(fast.ScratchCount));
                return true;
            }
            var sum = new DirectWeightGradient(shape, source, gradient, threads, VectorWidth.Widest);
            if (squares) sum.AddSquares(samples, errors, target, Scratch(sum.SquareScratchCount));
            else sum.Add(samples, errors, scale: 1, target, Scratch(sum.ScratchCount));
        }
        return true;
    }

    public void Dispose()
    {
        scratch.Dispose();
        bordered.Dispose();
    }

    // How far beyond x the windows of dy's positions reach, on the side where they reach furthest.
    private static int Reach(ConvolutionShape shape, Shape dy) => Math.Max(
        Math.Max(shape.PadHeight, (dy.Height - 1) * shape.StrideHeight - shape.PadHeight + (shape.KernelHeight - 1) * shape.DilationHeight - (shape.Height - 1)),
        Math.Max(shape.PadWidth, (dy.Width - 1) * shape.StrideWidth - shape.PadWidth + (shape.KernelWidth - 1) * shape.DilationWidth - (shape.Width - 1)));

    private float* Copy(float* samples, HaloLayout from, HaloLayout to, int count)
    {
        bordered = Grown(bordered, count * to.Sample);
        float* copies = bordered.Pointer;
        threads.For(count * from.Planes, (_, task) =>
        {
            int n = task / from.Planes, plane = task % from.Planes;
            float* source = samples + n * from.Sample + plane * from.Plane, target = copies + n * to.Sample + plane * to.Plane;
            int row = from.Width * from.Lanes;
            for (int h = 0; h < from.Height; h++) new Span<float>(source + from.At(0, h, 0), row).CopyTo(new Span<float>(target + to.At(0, h, 0), row));
            to.ClearHalo(target);
        });
        return copies;
    }

    private float* Scratch(long count) => (scratch = Grown(scratch, count)).Pointer;

    private static CpuMemory Grown(CpuMemory memory, long count)
    {
        if (memory.Count >= count) return memory;
        memory.Dispose();
        return new CpuMemory(count);
    }
}
