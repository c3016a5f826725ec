using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// An inner product: an image's gradient by w[o,i] is y[o] · x[i], so the sum of squares over images is the product of the squared matrices,
/// (y∘y)ᵀ(x∘x), and a column's sum needs no matrix at all.
/// </summary>
internal sealed class InnerProductSquares(Node node, Backend backend) : LayerSquares(node, backend, perImage: true)
{
    private const int RowsAtOnce = 64;
    private readonly List<float[]> inputs = [], errors = [];

    protected override void Add(Tensor input, Tensor gradient)
    {
        for (int n = 0; n < input.Batch; n++)
        {
            inputs.Add(Squared(input, n));
            errors.Add(Squared(gradient, n));
        }
    }

    protected override double[] ColumnMeans()
    {
        var columns = new double[inputs[0].Length];
        for (int n = 0; n < inputs.Count; n++)
        {
            double error = 0;
            foreach (float e in errors[n]) error += e;
            error /= errors[n].Length;
            float[] x = inputs[n];
            for (int i = 0; i < columns.Length; i++) columns[i] += error * x[i];
        }
        return columns;
    }

    protected override Spread ElementRoots()
    {
        int fanIn = inputs[0].Length, outputs = errors[0].Length, images = inputs.Count;
        float[] x = new float[(long)images * fanIn];
        for (int n = 0; n < images; n++) inputs[n].CopyTo(x, (long)n * fanIn);
        float[] y = new float[images * RowsAtOnce], squares = new float[(long)RowsAtOnce * fanIn];
        var total = new Spread();
        for (int first = 0; first < outputs; first += RowsAtOnce)
        {
            int rows = Math.Min(RowsAtOnce, outputs - first);
            for (int n = 0; n < images; n++) errors[n].AsSpan(first, rows).CopyTo(y.AsSpan(n * rows, rows));
            Backend.Gemm(true, false, rows, fanIn, images, y.AsSpan(0, images * rows), x, squares.AsSpan(0, rows * fanIn));
            var spreads = new Spread[rows];
            Backend.For(rows, r => spreads[r] = Spread.OfRoots(squares.AsSpan(r * fanIn, fanIn)));
            foreach (Spread spread in spreads) total.Add(spread);
        }
        return total;
    }

    private static float[] Squared(Tensor tensor, int sample)
    {
        float[] values = new float[tensor.Shape.Count];
        tensor.Read(sample, values);
        foreach (ref float v in values.AsSpan()) v *= v;
        return values;
    }
}
