namespace EvenNet.Framework;

/// <summary>How values are combined element by element.</summary>
public enum EltwiseKind
{
    /// <summary>Σ coefficient[i] · x[i].</summary>
    Sum,

    /// <summary>The product of all.</summary>
    Product,

    /// <summary>The largest; the first of equals gets the gradient.</summary>
    Max,
}

/// <summary>Combines inputs of one size element by element. Coefficients belong to the sum and default to one.</summary>
public sealed record Eltwise(EltwiseKind Kind) : Layer
{
    /// <summary>One factor an input, for <see cref="EltwiseKind.Sum"/>; empty means all one.</summary>
    public IReadOnlyList<float> Coefficients { get; init; } = [];

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count < 2) throw Invalid($"takes two inputs or more, got {inputs.Count}");
        if (inputs.Any(s => s != inputs[0])) throw Invalid($"inputs differ in size: {string.Join(", ", inputs)}");
        if (Coefficients.Count > 0 && Kind != EltwiseKind.Sum) throw Invalid($"coefficients belong to a sum, not to a {Kind}");
        if (Coefficients.Count > 0 && Coefficients.Count != inputs.Count) throw Invalid($"{Coefficients.Count} coefficients for {inputs.Count} inputs");
        return inputs[0];
    }

    /// <summary>The factor of an input.</summary>
    public float Coefficient(int input) => Coefficients.Count == 0 ? 1 : Coefficients[input];
}

/// <summary>The fluent face of <see cref="Framework.Eltwise"/>.</summary>
public static class EltwiseNotation
{
    extension(Node)
    {
        /// <summary>Σ x[i].</summary>
        public static Node Sum(string name, params IReadOnlyList<Node> parts) => new(name, new Eltwise(EltwiseKind.Sum), parts);

        /// <summary>Σ coefficient[i] · x[i].</summary>
        public static Node WeightedSum(string name, IReadOnlyList<float> coefficients, params IReadOnlyList<Node> parts) =>
            new(name, new Eltwise(EltwiseKind.Sum) { Coefficients = coefficients }, parts);

        /// <summary>The product of all parts.</summary>
        public static Node Product(string name, params IReadOnlyList<Node> parts) => new(name, new Eltwise(EltwiseKind.Product), parts);

        /// <summary>The largest of all parts.</summary>
        public static Node Max(string name, params IReadOnlyList<Node> parts) => new(name, new Eltwise(EltwiseKind.Max), parts);
    }
}
