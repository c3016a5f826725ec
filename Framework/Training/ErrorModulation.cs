using System.Globalization;

namespace EvenNet.Framework;

/// <summary>
/// Backward error modulation (after Xie, Xiong and Pu 2017, who ask for a quasi-isometry between consecutive layers; their formula is not public, this is a
/// design of our own): with q = mean of squares of the error that arrives at a layer's output, the error is multiplied by ρ = √(q of the anchor / q) before
/// the layer's backward step. All that lies below sees the result, so each layer's gradient keeps its direction and gets another size, and nothing grows or
/// vanishes with depth. ρ is a number, not differentiated.
/// </summary>
public sealed class ErrorModulation : IBackwardWatcher
{
    private readonly Backend backend;
    private readonly Dictionary<Node, double> sizes = [], factors = [];
    private double? anchor;
    private int pass = -1;

    /// <summary>Modulates the nets of a backend.</summary>
    public ErrorModulation(Backend backend) => this.backend = backend;

    /// <summary>What sizes are brought to.</summary>
    public ModulationAnchor Anchor { get; init; }

    /// <summary>τ: factors within [1/τ, τ] are left out. 1 leaves out none.</summary>
    public double Band { get; init; } = 1.05;

    /// <summary>Least factor.</summary>
    public double Least { get; init; } = 0.1;

    /// <summary>Largest factor.</summary>
    public double Most { get; init; } = 10;

    /// <summary>Modulate in so many passes only; 0 in all.</summary>
    public int FirstPasses { get; init; }

    /// <summary>Find factors in every so many passes, and use them again in those between.</summary>
    public int Every { get; init; } = 1;

    /// <summary>How much of a size is what it was in the passes before: 0 takes each pass's own.</summary>
    public double Memory { get; init; }

    /// <summary>Sum of squares instead of their mean, for nets whose layers differ in size.</summary>
    public bool BySum { get; init; }

    /// <summary>q of each layer in the last pass, as it arrived.</summary>
    public IReadOnlyDictionary<Node, double> Sizes => sizes;

    /// <summary>ρ of each layer in the last pass; one where nothing was done.</summary>
    public IReadOnlyDictionary<Node, double> Factors => factors;

    /// <summary>Passes, sizes and factors as text: all that <see cref="Restore"/> needs, for a checkpoint's metadata.</summary>
    public string State() => string.Join('\n', [$"{pass}", .. factors.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Value:R} {sizes.GetValueOrDefault(f.Key):R} {f.Key.Name}"))]);

    /// <summary>Goes on where <see cref="State"/> was taken.</summary>
    /// <exception cref="FormatException">The text is broken, or of another net.</exception>
    public void Restore(string state, Graph graph)
    {
        string[] lines = state.Split('\n');
        pass = int.Parse(lines[0], CultureInfo.InvariantCulture);
        foreach (string line in lines.Skip(1))
        {
            string[] words = line.Split(' ', 3);
            if (words.Length != 3) throw new FormatException($"the state of the modulation has the line «{line}»");
            Node node = graph[words[2]];
            (factors[node], sizes[node]) = (double.Parse(words[0], CultureInfo.InvariantCulture), double.Parse(words[1], CultureInfo.InvariantCulture));
        }
    }

    /// <inheritdoc/>
    public void Begin()
    {
        anchor = null;
        pass++;
    }

    /// <inheritdoc/>
    public void Arrived(Node node, Tensor error)
    {
        if (FirstPasses > 0 && pass >= FirstPasses)
        {
            factors[node] = 1;
            return;
        }
        bool finds = pass % Every == 0 || !factors.ContainsKey(node);
        if (finds) factors[node] = Find(node, error);
        double factor = factors[node];
        if (factor == 1) return;
        int channels = error.Shape.Channels;
        double[] scale = new double[channels];
        scale.AsSpan().Fill(factor);
        backend.ScaleChannels(error, scale, new double[channels]);
    }

    /// <summary>Mean of squares of a tensor's values.</summary>
    public static double MeanSquare(Backend backend, Tensor values)
    {
        ChannelMoments moments = backend.Moments(values);
        double sum = 0;
        for (int c = 0; c < moments.Mean.Length; c++) sum += moments.Mean[c] * moments.Mean[c] + moments.Deviation[c] * moments.Deviation[c];
        return sum / moments.Mean.Length;
    }

    private double Find(Node node, Tensor error)
    {
        double now = MeanSquare(backend, error) * (BySum ? error.Count : 1);
        double size = sizes[node] = Memory > 0 && sizes.TryGetValue(node, out double before) && double.IsFinite(before) ? Memory * before + (1 - Memory) * now : now;
        if (anchor is not { } target)
        {
            anchor = size;
            return 1;
        }
        double factor = Math.Sqrt(target / size);
        // An error of nothing has no size to bring up, and one that is not finite none to bring down.
        if (!double.IsFinite(factor) || factor <= 0 || (factor >= 1 / Band && factor <= Band)) factor = 1;
        factor = Math.Clamp(factor, Least, Most);
        if (Anchor == ModulationAnchor.Previous && double.IsFinite(size)) anchor = size * factor * factor;
        return factor;
    }
}
