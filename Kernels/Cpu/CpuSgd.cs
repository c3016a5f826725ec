using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The solver's step in one pass over memory, each operation rounded as Caffe rounds it:
/// g ← gradientScale · g, g ← g + decay · w (or sign w), v ← momentum · v + rate · g, w ← w − v, then g ← 0.
/// </summary>
internal sealed unsafe class CpuSgd
{
    // Elements of one task: 768 KiB of values, gradients and momenta.
    private const int Chunk = 1 << 16;

    private readonly Threads threads;
    private readonly Action<int, int> step;

    // The call in progress.
    private float* w, g, v;
    private long count;
    private float gradientScale, decay, momentum, rate;
    private bool magnitudes;

    public CpuSgd(Threads threads)
    {
        this.threads = threads;
        step = Step;
    }

    public void Step(in SgdUpdate update)
    {
        w = CpuTensor.Pointer(update.Values);
        g = CpuTensor.Pointer(update.Gradients);
        v = CpuTensor.Pointer(update.Momenta);
        count = update.Values.Count;
        (gradientScale, decay, momentum, rate) = (update.GradientScale, update.Decay, update.Momentum, update.Rate);
        magnitudes = update.DecayKind == DecayKind.Magnitudes;
        threads.For((int)((count + Chunk - 1) / Chunk), step);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Step(int worker, int task)
    {
        long first = (long)task * Chunk;
        int length = (int)Math.Min(Chunk, count - first), i = 0;
        float* w = this.w + first, g = this.g + first, v = this.v + first;
        bool magnitudes = this.magnitudes;
        float gradientScale = this.gradientScale, decay = this.decay, momentum = this.momentum, rate = this.rate;
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.Load(w + i), pull = magnitudes ? Sign(value) : value;
            Vector<float> gradient = gradientScale * Vector.Load(g + i) + decay * pull;
            Vector<float> speed = momentum * Vector.Load(v + i) + rate * gradient;
            speed.Store(v + i);
            (value - speed).Store(w + i);
            Vector<float>.Zero.Store(g + i);
        }
        for (; i < length; i++)
        {
            float pull = !magnitudes ? w[i] : w[i] > 0 ? 1 : w[i] < 0 ? -1 : 0;
            v[i] = momentum * v[i] + rate * (gradientScale * g[i] + decay * pull);
            w[i] -= v[i];
            g[i] = 0;
        }
    }

    // −1, 0 or 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Sign(Vector<float> x)
    {
        Vector<float> zero = Vector<float>.Zero, one = Vector<float>.One;
        return Vector.ConditionalSelect(Vector.GreaterThan(x, zero), one, Vector.ConditionalSelect(Vector.LessThan(x, zero), -one, zero));
    }
}
