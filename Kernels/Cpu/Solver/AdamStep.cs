using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Adam, each operation rounded as Caffe rounds it: m ← β1 · m + (1 − β1) · g, v ← β2 · v + (1 − β2) · g², w ← w − rate · (m / (√v + δ)).
/// </summary>
internal readonly unsafe struct AdamStep(in AdamUpdate update) : ISolverStep
{
    private readonly StepGradient gradient = new(update.GradientScale, update.Decay, update.DecayKind);
    private readonly float beta1 = update.Beta1, beta2 = update.Beta2, rest1 = 1 - update.Beta1, rest2 = 1 - update.Beta2, delta = update.Delta, rate = update.Rate;
    private readonly float* momenta = CpuTensor.Pointer(update.Momenta), squares = CpuTensor.Pointer(update.Squares);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(float* w, float* g, long first, int count)
    {
        float* m = momenta + first, v = squares + first;
        Vector<float> least = new(delta);
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.Load(w + i), pull = gradient.Of(value, Vector.Load(g + i));
            Vector<float> mean = beta1 * Vector.Load(m + i) + rest1 * pull, square = beta2 * Vector.Load(v + i) + rest2 * (pull * pull);
            mean.Store(m + i);
            square.Store(v + i);
            (value - rate * (mean / (Vector.SquareRoot(square) + least))).Store(w + i);
        }
        for (; i < count; i++)
        {
            float pull = gradient.Of(w[i], g[i]);
            m[i] = beta1 * m[i] + rest1 * pull;
            v[i] = beta2 * v[i] + rest2 * (pull * pull);
            w[i] -= rate * (m[i] / (MathF.Sqrt(v[i]) + delta));
        }
    }
}
