namespace EvenNet.Framework;

/// <summary>Input values of several samples on the host.</summary>
/// <param name="Shape">Of one sample.</param>
/// <param name="Data">Count × channels × height × width.</param>
/// <param name="Names">What each sample was made from.</param>
public sealed record Batch(Shape Shape, float[] Data, IReadOnlyList<string> Names)
{
    /// <summary>Samples.</summary>
    public int Count => Names.Count;

    /// <summary>The values of sample <paramref name="n"/>: channels × height × width.</summary>
    public Span<float> Sample(int n) => Data.AsSpan(n * Shape.Count, Shape.Count);
}
