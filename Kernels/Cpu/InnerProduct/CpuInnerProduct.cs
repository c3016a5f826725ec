using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = s · (x · Wᵀ + b) by the matrix product, with the rectifier fused where asked. Weights are used in place, outputs × inputs.</summary>
internal sealed unsafe class CpuInnerProduct : Kernel
{
    // Outputs of one task of the passes over y and dy.
    private const int Chunk = 512;

    private readonly CpuGemm gemm;
    private readonly Threads threads;
    private readonly Action<int, int> finish, mask;
    private readonly Parameter weights;
    private readonly InnerProductBackward? thin;
    private readonly float* x, y, dy, dx, weight, scale, bias, dWeight, dBias;     // null where there is none or nobody asks
    private readonly int samples, inputs, outputs;
    private readonly bool relu, accumulate;

    private CpuInnerProduct(Bindings b, Threads threads, CpuGemm gemm)
    {
        (this.gemm, this.threads, finish, mask) = (gemm, threads, Finish, Mask);
        (samples, inputs, outputs) = (b.Output.Batch, b.Inputs[0].Shape.Count, b.Output.Shape.Channels);
        (relu, accumulate) = (b.Request.Relu, b.Accumulate[0]);
        x = Address(b.Inputs[0].Region);
        y = Address(b.Output.Region);
        dy = Address(b.OutputGradient?.Region);
        dx = Address(b.InputGradients[0]?.Region);
        weights = b["weight"];
        weight = Address(weights.Values);
        scale = Address(b["scale"].Values);
        bias = Address(b.Find("bias")?.Values);
        if (dy != null) thin = InnerProductBackward.For(samples, inputs, outputs, threads, VectorWidth.Widest);
        if (!b.ParameterGradients) return;
        dWeight = Address(b["weight"].Gradients);
        dBias = Address(b.Find("bias")?.Gradients);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads, CpuGemm gemm) => r.Layer is InnerProduct
        ? new(r.Relu ? "cpu.inner-product+relu" : "cpu.inner-product", [Layout.Plain], LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => new CpuInnerProduct(b, threads, gemm))
        : null;

    public override void Forward(Phase phase)
    {
        gemm.Multiply(transposeA: false, transposeB: true, samples, outputs, inputs, *scale, x, inputs, weight, inputs, accumulate: false, y, outputs);
        if (bias != null || relu) threads.For((outputs + Chunk - 1) / Chunk, finish);
    }

    public override Parameter? Updates => thin is not null && dWeight != null ? weights : null;

    public override void Backward(in SgdUpdate update)
    {
        if (dBias != null || relu) threads.For((outputs + Chunk - 1) / Chunk, mask);
        thin!.Run(x, dy, weight, *scale, dx, accumulate, new SgdStep(update));
    }

    public override void Backward()
    {
        if (dBias != null || relu) threads.For((outputs + Chunk - 1) / Chunk, mask);
        if (thin is not null)
        {
            if (dWeight != null || dx != null) thin.Run(x, dy, weight, *scale, dx, accumulate, dWeight);
            return;
        }
        if (dWeight != null)
            gemm.Multiply(transposeA: true, transposeB: false, outputs, inputs, samples, *scale, dy, outputs, x, inputs, accumulate: true, dWeight, inputs);
        if (dx != null)
            gemm.Multiply(transposeA: false, transposeB: false, samples, inputs, outputs, *scale, dy, outputs, weight, inputs, accumulate, dx, inputs);
    }

    protected override void Dispose(bool disposing)
    {
        thin?.Dispose();
        base.Dispose(disposing);
    }

    // y ← max(y + s · b, 0) for some outputs of every sample.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int worker, int task)
    {
        int first = task * Chunk, count = Math.Min(Chunk, outputs - first), lanes = Vector<float>.Count;
        float s = *scale;
        float* b = bias + first;
        for (int n = 0; n < samples; n++)
        {
            float* to = y + (nint)n * outputs + first;
            int o = 0;
            for (; o <= count - lanes; o += lanes)
            {
                Vector<float> value = Vector.Load(to + o);
                if (bias != null) value += s * Vector.Load(b + o);
                if (relu) value = Vector.Max(value, Vector<float>.Zero);
                value.Store(to + o);
            }
            for (; o < count; o++)
            {
                if (bias != null) to[o] += s * b[o];
                if (relu) to[o] = Math.Max(to[o], 0);
            }
        }
    }

    // dy ← 0 where the rectifier was shut; db += s · Σ_n dy, in double and in the order of the samples.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mask(int worker, int task)
    {
        int first = task * Chunk, count = Math.Min(Chunk, outputs - first), lanes = Vector<float>.Count;
        double* sums = stackalloc double[Chunk];
        new Span<double>(sums, count).Clear();
        for (int n = 0; n < samples; n++)
        {
            nint row = (nint)n * outputs + first;
            float* gradient = dy + row, value = y + row;
            int o = 0;
            for (; o <= count - lanes; o += lanes)
            {
                Vector<float> g = Vector.Load(gradient + o);
                if (relu)
                {
                    g = Vector.ConditionalSelect(Vector.LessThanOrEqual(Vector.Load(value + o), Vector<float>.Zero), Vector<float>.Zero, g);
                    g.Store(gradient + o);
                }
                Vector.Widen(g, out Vector<double> low, out Vector<double> high);
                (Vector.Load(sums + o) + low).Store(sums + o);
                (Vector.Load(sums + o + lanes / 2) + high).Store(sums + o + lanes / 2);
            }
            for (; o < count; o++)
            {
                if (relu && value[o] <= 0) gradient[o] = 0;
                sums[o] += gradient[o];
            }
        }
        if (dBias == null) return;
        for (int o = 0; o < count; o++) dBias[first + o] += (float)(*scale * sums[o]);
    }

    private static float* Address(Region? region) => region is { } r ? CpuTensor.Pointer(r) : null;
}
