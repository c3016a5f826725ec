using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// How fast a layer's weights would change beside their size, and what the layer puts out.
/// </summary>
/// <param name="Name">The affine node.</param>
/// <param name="Rate">Mean over the columns (input channels or units j) of C(j) = √(mean over rows, taps and images of g²) / RMS(W).</param>
/// <param name="RateCv">Deviation over mean of the columns' rates.</param>
/// <param name="ElementRate">Mean over all weights of √(mean over images of g²) / RMS(W); not a number when it was not asked for.</param>
/// <param name="ElementRateCv">Deviation over mean of the weights' rates.</param>
/// <param name="RootMeanSquareRate">RMS(g) / RMS(W) over all weights and images: the paper's program's measure.</param>
/// <param name="OutputMean">Mean over channels of the channel's mean.</param>
/// <param name="OutputStd">Mean over channels of the channel's deviation.</param>
/// <param name="OutputStdCv">Deviation over mean of the channels' deviations.</param>
public sealed record LayerRate(
    string Name, double Rate, double RateCv, double ElementRate, double ElementRateCv, double RootMeanSquareRate, double OutputMean, double OutputStd, double OutputStdCv);

/// <summary>Change rates of all affine layers, in graph order.</summary>
public sealed record ChangeRateReport(IReadOnlyList<LayerRate> Layers)
{
    /// <summary>Largest over smallest layer rate; one is even.</summary>
    public double Flatness => Layers.Max(l => l.Rate) / Layers.Min(l => l.Rate);
}

/// <summary>
/// Measures change rates (Krähenbühl et al. 2016, §3.2 and Figure 1): the loss is ℓ = ηᵀz at every classifier with η ~ N(0, I) drawn for each
/// image, and the squares of each image's own weight gradients are averaged. With one weight gradient for a batch, a single weight's square
/// would be mostly χ² noise.
/// </summary>
public sealed record ChangeRates
{
    /// <summary>
    /// Images in one plan; changes memory and speed, and with batch normalization, which is by these images, a little of the result. By default 32, or
    /// 16 where several passes share a forward pass, for which all values stay in memory.
    /// </summary>
    public int? Batch { get; init; }

    /// <summary>Whether dropout is active.</summary>
    public Phase Phase { get; init; } = Phase.Test;

    /// <summary>
    /// Square each image's gradient, or, as the paper's program does, the sum over a batch, which makes rates √batch as large and single
    /// weights' rates mostly noise.
    /// </summary>
    public bool PerImage { get; init; } = true;

    /// <summary>Measure single weights too, not only columns.</summary>
    public bool Elements { get; init; } = true;

    /// <summary>Which independent draw of η to use.</summary>
    public uint Draw { get; init; }

    /// <summary>
    /// Passes over the images, each with noise of its own, that are averaged. By default one, or up to three where images × scores are few or layers many:
    /// the noise of a layer's rate falls with the root of images × scores × passes.
    /// </summary>
    public int? Passes { get; init; }

    /// <summary>Measures all affine layers. images: count × input shape.</summary>
    public ChangeRateReport Measure(
        ParameterSet parameters, float[] images, int count, ulong seed, IProgress<InitProgress>? progress = null, CancellationToken cancellation = default)
    {
        // Passes after the first have streams from 2 on; 1 is the multiplicative rescaler's.
        return Measure(parameters, images, count, seed, pass => new Philox(seed, RandomPurpose.Noise, pass == 0 ? 0 : pass + 1, Draw), progress, cancellation);
    }

    /// <summary>Measures with the noise of each pass from a given source: image after image, for each image every classifier's scores.</summary>
    public ChangeRateReport Measure(
        ParameterSet parameters, float[] images, int count, ulong seed, Func<int, RandomSource> noise,
        IProgress<InitProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Node[] tops = Tops.Of(parameters.Graph);
        int passes = Passes ?? DefaultPasses(count, tops, parameters.Graph.Affine.Count());
        RandomSource[] sources = [.. Enumerable.Range(0, passes).Select(noise)];
        Dictionary<Node, LayerSquares> squares = [];
        int batch = Math.Min(Batch ?? (passes > 1 ? 16 : 32), count), rest = count % batch;
        Measure(batch, 0, count - rest);
        if (rest > 0) Measure(rest, count - rest, count);
        progress?.Report(new("measuring", "", 1));
        return new ChangeRateReport([.. parameters.Graph.Affine.Where(squares.ContainsKey).Select(n => squares[n].Rate(parameters, n, Elements))]);

        void Measure(int size, int first, int end)
        {
            // Without dropout all passes share one forward pass, for which its values must outlive a backward pass.
            bool once = passes > 1 && Phase == Phase.Test;
            using var net = new Net(parameters, size, new() { Fuse = false, Outputs = tops, ParameterGradients = static _ => false, ShareMemory = !once, Seed = seed, BatchStatistics = true });
            int pixels = Tops.Image(net).Shape.Count;
            for (int n = first; n < end; n += size)
            {
                net.Load(Tops.Image(net), images.AsSpan(n * pixels, size * pixels));
                for (int pass = 0; pass < passes; pass++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    progress?.Report(new("measuring", $"image {n + 1}", (n + (double)size * pass / passes) / count));
                    if (pass == 0 || !once) AddOutputs(net, squares);
                    AddGradients(net, tops, sources[pass], squares);
                }
            }
        }
    }

    private static int DefaultPasses(int count, Node[] tops, int layers)
    {
        // One pass leaves ten per cent in the first layer of a GoogLeNet, whose gradient adds up over positions that agree.
        const int Enough = 8192, Most = 3, Deep = 16;
        long values = (long)count * tops.Sum(t => t.Shape.Count);
        return layers > Deep ? Most : (int)Math.Clamp((Enough + values - 1) / values, 1, Most);
    }

    private void AddOutputs(Net net, Dictionary<Node, LayerSquares> squares)
    {
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, Phase);
            if (node.Layer is not IAffine) continue;
            if (!squares.TryGetValue(node, out LayerSquares? layer)) squares[node] = layer = LayerSquares.Of(node, net.Backend, PerImage);
            layer.AddOutput(net.Backend.Moments(net[node]), net.Batch * node.Shape.Plane);
        }
    }

    private static void AddGradients(Net net, Node[] tops, RandomSource noise, Dictionary<Node, LayerSquares> squares)
    {
        foreach (Node node in net.BackwardSteps(Noise.At(tops, net.Batch, noise)))
            if (node.Layer is IAffine) squares[node].AddGradients(net.InputOf(node), net.GradientOf(node));
    }
}
