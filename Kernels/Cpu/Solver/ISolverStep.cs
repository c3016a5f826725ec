using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>A solver's arithmetic on a run of weights.</summary>
internal unsafe interface ISolverStep
{
    /// <summary>
    /// Updates <paramref name="count"/> weights and the step's states from their gradients; nothing need be aligned.
    /// <paramref name="first"/>: index of the run's first weight in the parameter.
    /// </summary>
    void Apply(float* w, float* g, long first, int count);
}

/// <summary>The gradient that solvers step by: gradientScale · g + decay · w (or sign w), each operation rounded.</summary>
internal readonly struct StepGradient(float gradientScale, float decay, DecayKind kind)
{
    private readonly bool magnitudes = kind == DecayKind.Magnitudes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Of(Vector<float> w, Vector<float> g) => gradientScale * g + decay * (magnitudes ? Sign(w) : w);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float w, float g) => gradientScale * g + decay * (!magnitudes ? w : w > 0 ? 1 : w < 0 ? -1 : 0);

    // −1, 0 or 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Sign(Vector<float> x)
    {
        Vector<float> zero = Vector<float>.Zero, one = Vector<float>.One;
        return Vector.ConditionalSelect(Vector.GreaterThan(x, zero), one, Vector.ConditionalSelect(Vector.LessThan(x, zero), -one, zero));
    }
}
