namespace EvenNet.Framework;

/// <summary>The same value in another order in memory. The planner puts it where two kernels' choices meet; nets do not name it.</summary>
public sealed record Reorder(Layout To) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}
