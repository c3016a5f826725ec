namespace EvenNet.Framework;

/// <summary>A loss, a weight or a score that is not finite: where the first number that is not was found, and what may help.</summary>
public sealed class DivergenceException : Exception
{
    internal DivergenceException(int iteration, double loss, string? layer, string place)
        : this(iteration, layer, $"{(double.IsFinite(loss) ? "the weights are broken" : double.IsNaN(loss) ? "the loss is not a number" : "the loss is infinite")}: {place}") { }

    internal DivergenceException(int iteration, string? layer, string problem)
        : base($"after {iteration} iteration{(iteration == 1 ? "" : "s")} {problem}") => (Iteration, Layer) = (iteration, layer);

    internal DivergenceException(string layer, string problem) : base(problem) => Layer = layer;

    /// <summary>For a loop of one's own: a loss that is not finite, with the first parameter that is not where there is one.</summary>
    public static DivergenceException OfLoss(Solver solver, double loss)
    {
        try
        {
            NonFinite.RequireParameters(solver, loss);
        }
        catch (DivergenceException broken)
        {
            return broken;
        }
        return new(solver.Iteration, loss, null, "all weights are finite, a value between them and the loss is not");
    }

    /// <summary>Scores of a picture that are not finite.</summary>
    public static DivergenceException OfScores(string layer, string picture) => new(layer, $"{layer} puts out scores that are not finite for {picture}");

    /// <summary>Steps taken before; null where it was found by an evaluation.</summary>
    public int? Iteration { get; }

    /// <summary>The first layer, in the order of the net, whose input data, parameters or values hold a number that is not finite; null where it is the loss alone.</summary>
    public string? Layer { get; }
}
