namespace EvenNet.Framework;

/// <summary>y = (shift + factor · x)^exponent. Roots of negative numbers are not numbers, as in Caffe.</summary>
public sealed record Power(float Exponent = 1, float Factor = 1, float Shift = 0) : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => Exponent == 1 && Shift == 0;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Power"/>.</summary>
public static class PowerNotation
{
    extension(Node x)
    {
        /// <summary>A power of a multiple.</summary>
        public Node Power(string name, float exponent = 1, float factor = 1, float shift = 0) => new(name, new Power(exponent, factor, shift), x);
    }
}
