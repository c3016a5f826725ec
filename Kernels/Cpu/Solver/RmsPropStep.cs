using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>RMSProp, each operation rounded as Caffe rounds it: h ← ρ · h + (1 − ρ) · g², w ← w − rate · (g / (√h + δ)).</summary>
internal readonly unsafe struct RmsPropStep(in RmsPropUpdate update) : ISolverStep
{
    private readonly StepGradient gradient = new(update.GradientScale, update.Decay, update.DecayKind);
    private readonly float rho = update.Rho, rest = 1 - update.Rho, delta = update.Delta, rate = update.Rate;
    private readonly float* squares = CpuTensor.Pointer(update.Squares);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(float* w, float* g, long first, int count)
    {
        float* h = squares + first;
        Vector<float> least = new(delta);
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.Load(w + i), pull = gradient.Of(value, Vector.Load(g + i));
            Vector<float> square = rho * Vector.Load(h + i) + rest * (pull * pull);
            square.Store(h + i);
            (value - rate * (pull / (Vector.SquareRoot(square) + least))).Store(w + i);
        }
        for (; i < count; i++)
        {
            float pull = gradient.Of(w[i], g[i]);
            h[i] = rho * h[i] + rest * (pull * pull);
            w[i] -= rate * (pull / (MathF.Sqrt(h[i]) + delta));
        }
    }
}
