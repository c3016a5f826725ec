using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Sums over images of the squares of one layer's weight gradients, and its output's moments.</summary>
internal abstract class LayerSquares(Node node, Backend backend, bool perImage)
{
    private readonly List<(ChannelMoments Moments, double Count)> outputs = [];

    protected Node Node => node;

    protected Backend Backend => backend;

    /// <summary>Square each image's gradient, not a batch's.</summary>
    protected bool PerImage => perImage;

    /// <summary>Gradients squared so far.</summary>
    private int Count { get; set; }

    public static LayerSquares Of(Node node, Backend backend, bool perImage) => node.Layer switch
    {
        Convolution => new ConvolutionSquares(node, backend, perImage),
        InnerProduct => perImage ? new InnerProductSquares(node, backend) : new InnerProductBatchSquares(node, backend),
        _ => throw new NotSupportedException($"change rates of {node.Layer.GetType().Name} are not defined"),
    };

    public void AddOutput(ChannelMoments moments, double count) => outputs.Add((moments, count));

    /// <summary>Adds one batch. input: what the layer read; gradient: ∂ℓ/∂z of the layer's output z.</summary>
    public void AddGradients(Tensor input, Tensor gradient)
    {
        Count += perImage ? input.Batch : 1;
        Add(input, gradient);
    }

    public LayerRate Rate(ParameterSet parameters, Node layer, bool elements)
    {
        Parameter weight = parameters.Weight(layer);
        double scale = parameters.Scale(layer).ReadExact()[0];
        // z = s(Wx + b): the gradient by W carries a factor s.
        double size = Math.Sqrt(backend.SquaredNorm(weight.Values) / weight.Count), factor = Math.Abs(scale) / size / Math.Sqrt(Count);
        double[] columns = ColumnMeans();
        var columnRates = Spread.Of(columns.Select(v => factor * Math.Sqrt(v)));
        Spread elementRates = elements ? ElementRoots() : default;
        var deviations = Spread.Of(Outputs(out double mean));
        return new LayerRate(
            layer.Name, columnRates.Mean, columnRates.Variation,
            elements ? factor * elementRates.Mean : double.NaN, elements ? elementRates.Variation : double.NaN,
            factor * Math.Sqrt(columns.Average()), mean, deviations.Mean, deviations.Variation);
    }

    /// <summary>For each column the sum over images of the mean over its rows and taps of g².</summary>
    protected abstract double[] ColumnMeans();

    /// <summary>Spread over all weights of √(sum over images of g²).</summary>
    protected abstract Spread ElementRoots();

    protected abstract void Add(Tensor input, Tensor gradient);

    // Each channel's deviation over all batches: E[σ² + μ²] − E[μ]².
    private double[] Outputs(out double mean)
    {
        int channels = outputs[0].Moments.Mean.Length;
        double total = outputs.Sum(o => o.Count);
        var means = new double[channels];
        var deviations = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            means[c] = outputs.Sum(o => o.Count * o.Moments.Mean[c]) / total;
            double square = outputs.Sum(o => o.Count * (o.Moments.Deviation[c] * o.Moments.Deviation[c] + Square(o.Moments.Mean[c] - means[c]))) / total;
            deviations[c] = Math.Sqrt(square);
        }
        mean = means.Average();
        return deviations;
    }

    private static double Square(double x) => x * x;
}
