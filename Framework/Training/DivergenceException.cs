namespace EvenNet.Framework;

/// <summary>A loss, a weight or a score that is not finite: where the first number that is not was found, and what may help.</summary>
public sealed class DivergenceException : Exception
{
    internal DivergenceException(int iteration, double loss, string? layer, string place)
        : this(iteration, layer, $"{(double.IsFinite(loss) ? "the weights are broken" : double.IsNaN(loss) ? "the loss is not a number" : "the loss is infinite")}: {place}") { }

    internal DivergenceException(int iteration, string? layer, string problem)
        : base($"after {iteration} iteration{(iteration == 1 ? "" : "s")} {problem}") => (Iteration, Layer) = (iteration, layer);

    internal DivergenceException(string layer, string problem) : base(problem) => Layer = layer;

    /// <summary>Steps taken before; null where it was found by an evaluation.</summary>
    public int? Iteration { get; }

    /// <summary>The first layer, in the order of the net, whose input data, parameters or values hold a number that is not finite; null where it is the loss alone.</summary>
    public string? Layer { get; }
}
