using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The solver's arithmetic on a run of weights, each operation rounded as Caffe rounds it:
/// g ← gradientScale · g + decay · w (or sign w), v ← momentum · v + rate · g, w ← w − v.
/// </summary>
internal readonly unsafe struct SgdStep(in SgdUpdate update)
{
    private readonly float gradientScale = update.GradientScale, decay = update.Decay, momentum = update.Momentum, rate = update.Rate;
    private readonly bool magnitudes = update.DecayKind == DecayKind.Magnitudes;

    /// <summary>v of the parameter's first weight.</summary>
    public float* Momenta { get; } = CpuTensor.Pointer(update.Momenta);

    /// <summary>Updates <paramref name="count"/> weights and momenta from their gradients; nothing need be aligned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(float* w, float* g, float* v, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count) Apply(Vector.Load(w + i), Vector.Load(g + i), w + i, v + i);
        for (; i < count; i++)
        {
            float pull = !magnitudes ? w[i] : w[i] > 0 ? 1 : w[i] < 0 ? -1 : 0;
            v[i] = momentum * v[i] + rate * (gradientScale * g[i] + decay * pull);
            w[i] -= v[i];
        }
    }

    /// <summary>Updates a vector of weights, whose values are at hand, and their momenta.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(Vector<float> value, Vector<float> g, float* w, float* v)
    {
        Vector<float> gradient = gradientScale * g + decay * (magnitudes ? Sign(value) : value);
        Vector<float> speed = momentum * Vector.Load(v) + rate * gradient;
        speed.Store(v);
        (value - speed).Store(w);
    }

    // −1, 0 or 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Sign(Vector<float> x)
    {
        Vector<float> zero = Vector<float>.Zero, one = Vector<float>.One;
        return Vector.ConditionalSelect(Vector.GreaterThan(x, zero), one, Vector.ConditionalSelect(Vector.LessThan(x, zero), -one, zero));
    }
}
