using System.Buffers;

namespace EvenNet.Framework;

/// <summary>Which vectors of a weight outputs × fan-in are to be orthonormal.</summary>
public enum OrthonormalSide
{
    /// <summary>The outputs' rows, or the columns where there are fewer of those.</summary>
    Auto,

    /// <summary>The outputs' rows, though there be more of them than the fan-in.</summary>
    Filters,
}

/// <summary>
/// The orthonormality regularizer of Xie, Xiong and Pu (2017, §3.2): R = λ/2 · Σ ‖W·Wᵀ − I‖² over the affine layers' weights, outputs × fan-in, with the
/// gradient 2λ · (W·Wᵀ − I) · W. It takes the place of weight decay. Groups of a convolution have a sum each.
/// </summary>
public sealed record OrthonormalRegularizer
{
    /// <summary>λ of each iteration.</summary>
    public Schedule Strength { get; init; } = 1e-4f;

    /// <summary>Rows or columns.</summary>
    public OrthonormalSide Side { get; init; }

    /// <summary>Rows that are to be orthonormal among themselves; 0 for all of a convolution's group.</summary>
    public int GroupSize { get; init; }

    /// <summary>Whether it is for this parameter.</summary>
    public bool Holds(Parameter parameter) => parameter.Node.Layer is IAffine && parameter.Spec.Name == "weight" && parameter.LearningRate != 0;

    /// <summary>Adds ∂R/∂W to the parameter's gradient.</summary>
    /// <param name="backend">Of the parameter.</param>
    /// <param name="parameter">A weight.</param>
    /// <param name="iteration">For λ.</param>
    /// <param name="share">Multiplies the gradient.</param>
    public void AddGradient(Backend backend, Parameter parameter, int iteration, float share = 1)
    {
        float factor = 2 * (float)Strength.At(iteration) * share;
        if (factor == 0) return;
        int fanIn = parameter.FanIn;
        float[] weights = ArrayPool<float>.Shared.Rent(parameter.Count), gradients = ArrayPool<float>.Shared.Rent(parameter.Count), products = ArrayPool<float>.Shared.Rent(MostProducts(parameter));
        Region from = parameter.Values, to = parameter.Gradients;
        from.Storage.Read(from.Offset, weights.AsSpan(0, parameter.Count));
        to.Storage.Read(to.Offset, gradients.AsSpan(0, parameter.Count));
        for (int first = 0; first < parameter.Rows; first += RowsFrom(parameter, first))
        {
            int rows = RowsFrom(parameter, first);
            Span<float> w = weights.AsSpan(first * fanIn, rows * fanIn), g = gradients.AsSpan(first * fanIn, rows * fanIn), difference = Difference(backend, w, rows, fanIn, products);
            foreach (ref float d in difference) d *= factor;
            if (ByRows(rows, fanIn)) backend.Gemm(false, false, rows, fanIn, rows, difference, w, g, accumulate: true);
            else backend.Gemm(false, false, rows, fanIn, fanIn, w, difference, g, accumulate: true);
        }
        to.Storage.Write(to.Offset, gradients.AsSpan(0, parameter.Count));
        foreach (float[] rented in (ReadOnlySpan<float[]>)[weights, gradients, products]) ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>Σ ‖W·Wᵀ − I‖² of a weight: R is λ/2 of it.</summary>
    public double SquaredDeviation(Backend backend, Parameter parameter)
    {
        float[] weights = parameter.Read(), products = new float[MostProducts(parameter)];
        double sum = 0;
        for (int first = 0; first < parameter.Rows; first += RowsFrom(parameter, first))
        {
            int rows = RowsFrom(parameter, first);
            foreach (float d in Difference(backend, weights.AsSpan(first * parameter.FanIn, rows * parameter.FanIn), rows, parameter.FanIn, products)) sum += (double)d * d;
        }
        return sum;
    }

    /// <summary>‖W·Wᵀ − I‖ / √outputs of a weight: for curves.</summary>
    public double Deviation(Backend backend, Parameter parameter) => Math.Sqrt(SquaredDeviation(backend, parameter) / parameter.Rows);

    /// <summary>«orthonormal, 0.0001».</summary>
    public override string ToString() => $"orthonormal, {Strength}{(Side == OrthonormalSide.Filters ? ", filters" : "")}{(GroupSize > 0 ? $", groups of {GroupSize}" : "")}";

    private bool ByRows(int rows, int columns) => rows <= columns || Side == OrthonormalSide.Filters;

    // The products less one on the diagonal, of rows or of columns.
    private Span<float> Difference(Backend backend, ReadOnlySpan<float> w, int rows, int columns, float[] memory)
    {
        int n = ByRows(rows, columns) ? rows : columns;
        Span<float> products = memory.AsSpan(0, n * n);
        if (ByRows(rows, columns)) backend.Gemm(false, true, n, n, columns, w, w, products);
        else backend.Gemm(true, false, n, n, rows, w, w, products);
        for (int i = 0; i < n; i++) products[i * n + i] -= 1;
        return products;
    }

    private int MostProducts(Parameter parameter)
    {
        int rows = RowsFrom(parameter, 0), n = ByRows(rows, parameter.FanIn) ? rows : parameter.FanIn;
        return n * n;
    }

    // Rows of the block that begins at one: a group's, or so many as there may be of them.
    private int RowsFrom(Parameter parameter, int first)
    {
        int perGroup = parameter.Rows / ((IAffine)parameter.Node.Layer).Groups;
        return GroupSize > 0 ? Math.Min(GroupSize, perGroup - first % perGroup) : perGroup;
    }
}
