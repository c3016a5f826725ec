namespace EvenNet.Framework;

/// <summary>
/// y = x where x is positive, else slope · x. The gradient at zero takes the slope. A slope of 0.01 makes the leaky rectifier (Maas et al. 2013),
/// <see cref="VeryLeaky"/> the very leaky one; <see cref="Framework.PRelu"/> learns its slope.
/// </summary>
/// <param name="Slope">What is left of negative values.</param>
public sealed record Relu(float Slope = 0) : Layer
{
    /// <summary>The slope of the very leaky rectifier, VLReLU, in the experiments of Mishkin and Matas 2016.</summary>
    public const float VeryLeaky = 0.333f;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Relu"/>.</summary>
public static class ReluNotation
{
    extension(Node x)
    {
        /// <summary>A rectifier, named after its input.</summary>
        public Node Relu(float slope = 0) => new($"{x.Name}/relu", new Relu(slope), x);
    }
}
