using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Stochastic gradient descent, each operation rounded as Caffe rounds it: g ← gradientScale · g + decay · w (or sign w), v ← momentum · v + rate · g,
/// w ← w − v, or with Nesterov w ← w − ((1 + momentum) · v − momentum · v before).
/// </summary>
internal readonly unsafe struct SgdStep(in SgdUpdate update) : ISolverStep
{
    private readonly StepGradient gradient = new(update.GradientScale, update.Decay, update.DecayKind);
    private readonly float momentum = update.Momentum, ahead = 1 + update.Momentum, rate = update.Rate;
    private readonly bool nesterov = update.Nesterov;

    /// <summary>v of the parameter's first weight.</summary>
    public float* Momenta { get; } = CpuTensor.Pointer(update.Momenta);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(float* w, float* g, long first, int count) => Apply(w, g, Momenta + first, count);

    /// <summary>Updates <paramref name="count"/> weights and momenta from their gradients; nothing need be aligned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(float* w, float* g, float* v, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count) Apply(Vector.Load(w + i), Vector.Load(g + i), w + i, v + i);
        for (; i < count; i++)
        {
            float before = v[i];
            v[i] = momentum * before + rate * gradient.Of(w[i], g[i]);
            w[i] -= nesterov ? ahead * v[i] - momentum * before : v[i];
        }
    }

    /// <summary>Updates a vector of weights, whose values are at hand, and their momenta.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(Vector<float> value, Vector<float> g, float* w, float* v)
    {
        Vector<float> before = momentum * Vector.Load(v), speed = before + rate * gradient.Of(value, g);
        speed.Store(v);
        (value - (nesterov ? ahead * speed - before : speed)).Store(w);
    }
}
