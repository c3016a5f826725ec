using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y = (x − μ) / √(σ² + ε) for each channel, in the order that x arrives in. Forward reads x twice, for the moments and for y; backward reads dy and y
/// twice, for their sums and for dx. It keeps y, which the next layer keeps anyway, and not x.
/// </summary>
internal sealed unsafe class CpuBatchNorm : Kernel
{
    private readonly BatchNorm layer;
    private readonly CpuTensor x, y, dx, dy;
    private readonly Parameter[] gathered;
    private readonly float* meanSum, varianceSum, counted;
    private readonly bool accumulate, alwaysOfBatch;
    private readonly double values;                                     // of one channel
    private readonly PlaneConstants mean, inverse, gradientMean, productMean;       // inverse: 1 / √(σ² + ε)
    private readonly CpuMoments moments;
    private readonly CpuTensorPlanes normalise;
    private readonly CpuTensorPlanes? add, propagate;
    private readonly CpuChannelSums? sums;                              // of dy and dy · y
    private bool ofBatch;

    private CpuBatchNorm(Bindings b, BatchNorm layer, Threads threads)
    {
        this.layer = layer;
        (x, y) = (CpuTensor.OfChannels(b.Inputs[0]), CpuTensor.OfChannels(b.Output));
        (mean, inverse, gradientMean, productMean) = (new(y), new(y), new(y), new(y));
        gathered = [b["mean_sum"], b["variance_sum"], b["count"]];
        meanSum = CpuTensor.Pointer(gathered[0].Values);
        varianceSum = CpuTensor.Pointer(gathered[1].Values);
        counted = CpuTensor.Pointer(gathered[2].Values);
        (accumulate, alwaysOfBatch) = (b.Accumulate[0], b.BatchStatistics);
        values = (double)b.Output.Batch * b.Output.Shape.Plane;
        moments = new CpuMoments(x, threads);
        normalise = new CpuTensorPlanes(threads, y.AllPlanes, y.PlaneSize, NormalisePlane);
        if (b.InputGradients[0] is not { } gradient) return;
        (dx, dy) = (CpuTensor.OfChannels(gradient), CpuTensor.OfChannels(b.OutputGradient!));
        sums = new CpuChannelSums(dy);
        add = new CpuTensorPlanes(threads, dy.AllPlanes, dy.PlaneSize, AddPlane);
        propagate = new CpuTensorPlanes(threads, dy.AllPlanes, dy.PlaneSize, PropagatePlane);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not BatchNorm layer) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        return new("cpu.batch-norm", [new Layout(kind)], kind, BackwardReads.Output, b => new CpuBatchNorm(b, layer, threads));
    }

    public override void Forward(Phase phase)
    {
        ofBatch = alwaysOfBatch || phase == Phase.Train;
        if (ofBatch) moments.Measure();
        if (ofBatch && !alwaysOfBatch) Gather();
        double share = *counted == 0 ? 0 : 1.0 / *counted;
        for (int c = 0; c < y.Channels; c++)
        {
            mean[c] = (float)(ofBatch ? moments.Mean[c] : meanSum[c] * share);
            inverse[c] = (float)(1 / Math.Sqrt((ofBatch ? moments.Variance[c] : varianceSum[c] * share) + layer.Epsilon));
        }
        normalise.Run();
    }

    public override void Backward()
    {
        if (propagate is null) return;
        if (ofBatch) add!.Run();
        for (int c = 0; c < y.Channels; c++)
        {
            gradientMean[c] = ofBatch ? (float)(sums!.Sum(c) / values) : 0;
            productMean[c] = ofBatch ? (float)(sums!.Product(c) / values) : 0;
        }
        propagate.Run();
    }

    private void Gather()
    {
        double unbiased = values > 1 ? values / (values - 1) : 1;
        for (int c = 0; c < y.Channels; c++)
        {
            meanSum[c] = (float)((double)layer.Fraction * meanSum[c] + moments.Mean[c]);
            varianceSum[c] = (float)((double)layer.Fraction * varianceSum[c] + moments.Variance[c] * unbiased);
        }
        *counted = layer.Fraction * *counted + 1;
        foreach (Parameter p in gathered) p.MarkChanged();
    }

    private void NormalisePlane(int worker, int plane)
    {
        bool whole = x.IsDense && y.IsDense;
        int rows = whole ? 1 : x.Height, length = whole ? x.Height * x.RowLength : x.RowLength;
        Vector512<float> center = mean.Of(plane), factor = inverse.Of(plane);
        for (int h = 0; h < rows; h++) NormaliseRow(x.Row(plane, h), y.Row(plane, h), length, center, factor);
        y.ClearBorder(plane);
    }

    private void AddPlane(int worker, int plane)
    {
        bool whole = y.IsDense && dy.IsDense;
        int rows = whole ? 1 : y.Height, length = whole ? y.Height * y.RowLength : y.RowLength;
        sums!.Clear(plane);
        for (int h = 0; h < rows; h++) sums.Add(plane, dy.Row(plane, h), y.Row(plane, h), length);
    }

    private void PropagatePlane(int worker, int plane)
    {
        bool whole = y.IsDense && dy.IsDense && dx.IsDense;
        int rows = whole ? 1 : y.Height, length = whole ? y.Height * y.RowLength : y.RowLength;
        Vector512<float> factor = inverse.Of(plane), gradient = gradientMean.Of(plane), product = productMean.Of(plane);
        for (int h = 0; h < rows; h++) PropagateRow(y.Row(plane, h), dy.Row(plane, h), dx.Row(plane, h), length, factor, gradient, product, accumulate);
        if (!accumulate) dx.ClearBorder(plane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NormaliseRow(float* x, float* y, int length, Vector512<float> mean, Vector512<float> inverse)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count) ((Vector512.Load(x + i) - mean) * inverse).Store(y + i);
        if (i < length) Lane.Store((Lane.Load(x + i, length - i) - mean) * inverse, y + i, length - i);
    }

    // dx = (dy − mean(dy) − y · mean(dy · y)) / √(σ² + ε)
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PropagateRow(
        float* y, float* dy, float* dx, int length, Vector512<float> inverse, Vector512<float> gradient, Vector512<float> product, bool add)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> g = (Vector512.Load(dy + i) - gradient - Vector512.Load(y + i) * product) * inverse;
            (add ? g + Vector512.Load(dx + i) : g).Store(dx + i);
        }
        if (i == length) return;
        Vector512<float> last = (Lane.Load(dy + i, length - i) - gradient - Lane.Load(y + i, length - i) * product) * inverse;
        Lane.Store(add ? last + Lane.Load(dx + i, length - i) : last, dx + i, length - i);
    }
}
