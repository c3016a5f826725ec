using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>What the within-layer step did to one layer.</summary>
/// <param name="Layer">The affine node.</param>
/// <param name="Method">How its weights were made; «kept» when they were there already.</param>
/// <param name="WorstMean">Largest distance of a channel's mean from β, afterwards.</param>
/// <param name="WorstDeviation">Largest distance of a channel's deviation from one, afterwards; dead channels aside.</param>
public sealed record WithinLayer(string Layer, string Method, double WorstMean, double WorstDeviation);

/// <summary>What the within-layer step did.</summary>
public sealed record WithinLayerReport(IReadOnlyList<WithinLayer> Layers, IReadOnlyList<InitNote> Notes);

/// <summary>
/// Within-layer initialization (Krähenbühl et al. 2016, §3.1, Algorithm 1): one walk forward; each affine layer gets its weights from what it
/// sees, then W(i,:) ← W(i,:) / σ(i) and b(i) ← β − μ(i) / σ(i), so that every channel has mean β and deviation one over samples and
/// positions; the layers above see the result. Where batch normalization follows, which takes a bias out again, β is its scale layer's bias.
/// </summary>
public sealed record WithinLayerInit(IWeightFiller Weights)
{
    // A channel whose deviation is this small beside the layer's largest answers nothing; nor does one that varies by no more than rounding.
    private const double Dead = 1e-8, Rounding = 1e-6;

    /// <summary>β: the mean that every channel gets.</summary>
    public float Bias { get; init; } = 0.1f;

    /// <summary>Scale the weights and set the biases; without, weights stay as they were made and biases zero.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>Whether dropout is active while the statistics are taken. The paper's program leaves it on; off is exact.</summary>
    public Phase Phase { get; init; } = Phase.Test;

    /// <summary>Keep layers whose weights are not all zero: what was loaded from a file.</summary>
    public bool KeepNonZero { get; init; }

    /// <summary>Recorded draws to follow instead of the seed's.</summary>
    internal Func<Node, RandomSource>? Draws { get; init; }

    /// <summary>
    /// Initializes every affine layer. images: count × input shape. One forward plan holds all images; activations die as soon as their last
    /// reader ran.
    /// </summary>
    public WithinLayerReport Apply(
        ParameterSet parameters, float[] images, int count, ulong seed, IProgress<InitProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var net = new Net(parameters, count, new() { Fuse = false, Backward = false, Outputs = Tops.Of(parameters.Graph), Seed = seed, BatchStatistics = true });
        net.Load(Tops.Image(net), images);
        var layers = new List<WithinLayer>();
        var notes = new List<InitNote>();
        Node[] nodes = [.. net.Nodes];
        int affine = nodes.Count(n => n.Layer is IAffine), done = 0;
        for (int i = 0; i < nodes.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Node node = nodes[i];
            if (node.Layer is IAffine && node.Layer.SharedWith is null)
            {
                progress?.Report(new("weights", node.Name, (double)done++ / affine));
                layers.Add(Set(net, node, i, seed, notes, cancellation));
                Reclaim();
            }
            else
            {
                if (Normalized.IsScale(node) && !(KeepNonZero && layers.All(l => l.Method == "kept" || l.Layer != Normalized.Source(node).Name)))
                    Normalized.Reset(net.Parameters, node, Normalize ? Bias : 0);
                net.Forward(node, Phase);
            }
        }
        progress?.Report(new("weights", "", 1));
        return new WithinLayerReport(layers, notes);
    }

    // The covariances and patches of one layer take hundreds of megabytes that the next does not need, and large arrays are collected late.
    private static void Reclaim()
    {
        const long Much = 512 << 20;
        if (GC.GetTotalMemory(forceFullCollection: false) > Much) GC.Collect();
    }

    private WithinLayer Set(Net net, Node node, int index, ulong seed, List<InitNote> notes, CancellationToken cancellation)
    {
        Parameter weight = net.Parameters.Weight(node);
        net.ForwardInputs(node, Phase);
        if (KeepNonZero && net.Backend.SquaredNorm(weight.Values) > 1e-20)
        {
            net.Forward(node, Phase);
            return new WithinLayer(node.Name, "kept", double.NaN, double.NaN);
        }
        net.Parameters.Bias(node)?.Fill(0);
        net.Parameters.Scale(node).Fill(1);
        float[] weights = new float[weight.Count];
        string method = Weights.Fill(new WeightRequest
        {
            Node = node,
            Patches = new Patches(net.Backend, net.InputOf(node), node),
            Weights = weights,
            Random = (purpose, group) => Draws?.Invoke(node) ?? new Philox(seed, purpose, index, (uint)group),
            Backend = net.Backend,
            Answer = w => Answer(net, node, w),
            Note = notes.Add,
            Cancellation = cancellation,
        });
        ParameterPieces.Write(net.Backend, weight, weights);
        net.Forward(node, Phase);
        if (!Normalize) return new WithinLayer(node.Name, method, double.NaN, double.NaN);
        HashSet<int> dead = Calibrate(net, node, weights, new Philox(seed, RandomPurpose.Redraw, index), notes);
        ChannelMoments after = net.Backend.Moments(net[node]);
        float target = net.Parameters.Bias(node) is null || Normalized.Includes(net.Graph, node) ? float.NaN : Bias;
        return new WithinLayer(
            node.Name, method,
            after.Mean.Max(m => Math.Abs(m - target)),
            after.Deviation.Where((_, o) => !dead.Contains(o)).Select(d => Math.Abs(d - 1)).DefaultIfEmpty(0).Max());
    }

    private Tensor Answer(Net net, Node node, float[] weights)
    {
        ParameterPieces.Write(net.Backend, net.Parameters.Weight(node), weights);
        net.Forward(node, Phase);
        return net[node];
    }

    // W(i,:) /= σ(i), b(i) = β − μ(i)/σ(i). A dead filter is drawn again from the Gaussian; one that stays dead keeps its weights and gets b = β.
    // The output becomes what the layer now gives.
    private HashSet<int> Calibrate(Net net, Node node, float[] weights, RandomSource random, List<InitNote> notes)
    {
        Parameter weight = net.Parameters.Weight(node);
        ChannelMoments moments = net.Backend.Moments(net[node]);
        int[] dead = DeadChannels(net.Backend, moments, weights);
        if (dead.Length > 0)
        {
            foreach (int o in dead) random.FillGaussian(weights.AsSpan(o * weight.FanIn, weight.FanIn));
            ParameterPieces.Write(net.Backend, weight, weights);
            net.Forward(node, Phase);
            moments = net.Backend.Moments(net[node]);
            int[] still = DeadChannels(net.Backend, moments, weights);
            notes.Add(new InitNote(node.Name, "dead-filter", still.Length == 0
                ? $"{dead.Length} of {weight.Rows} filters answered nothing and were drawn again from the Gaussian"
                : $"{still.Length} of {weight.Rows} filters answer nothing, whatever their weights: is the input constant?"));
            dead = still;
        }
        var silent = dead.ToHashSet();
        double[] scale = new double[weight.Rows], shift = new double[weight.Rows];
        for (int o = 0; o < weight.Rows; o++)
        {
            scale[o] = silent.Contains(o) ? 1 : 1 / moments.Deviation[o];
            shift[o] = silent.Contains(o) ? Bias : Bias - moments.Mean[o] * scale[o];
        }
        net.Backend.For(weight.Rows, o =>
        {
            foreach (ref float w in weights.AsSpan(o * weight.FanIn, weight.FanIn)) w = (float)(w * scale[o]);
        });
        ParameterPieces.Write(net.Backend, weight, weights);
        Parameter? bias = Normalized.Includes(net.Graph, node) ? null : net.Parameters.Bias(node);
        bias?.Write(shift);
        // The layer is linear in both: its output follows without another pass.
        net.Backend.ScaleChannels(net[node], scale, bias is null ? new double[weight.Rows] : shift);
        return silent;
    }

    // A filter's rounding is of the size of its weights times the inputs' mean, which shows in the largest mean answer to weights of length one.
    private static int[] DeadChannels(Backend backend, ChannelMoments moments, float[] weights)
    {
        int outputs = moments.Deviation.Length, fanIn = weights.Length / outputs;
        double[] lengths = new double[outputs];
        backend.For(outputs, o => lengths[o] = Math.Sqrt(VectorMath.SquaredNorm(weights.AsSpan(o * fanIn, fanIn))));
        double mean = lengths.Select((l, o) => l > 0 ? Math.Abs(moments.Mean[o]) / l : 0).Max(), least = Dead * moments.Deviation.Max();
        return [.. Enumerable.Range(0, outputs).Where(o => !(moments.Deviation[o] > Math.Max(least, Rounding * mean * lengths[o])))];
    }
}
