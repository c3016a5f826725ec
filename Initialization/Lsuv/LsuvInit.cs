using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Layer-sequential unit variance (Mishkin and Matas 2016, §3, Algorithm 1): layer after layer, weights are divided by the deviation of the layer's output,
/// over all samples, channels and positions, until its variance is one. The statistic is taken before the nonlinearity. The output is linear in the weights,
/// so on fixed images one update is exact; more are needed where every measurement sees other images or other dropout masks.
/// </summary>
public sealed record LsuvInit
{
    /// <summary>How far a statistic may be from one.</summary>
    public double Tolerance { get; init; } = 0.02;

    /// <summary>Most updates of a layer.</summary>
    public int MostUpdates { get; init; } = 20;

    /// <summary>Compare the deviation with one instead of the variance, as the authors' PyTorch code does.</summary>
    public bool ByDeviation { get; init; }

    /// <summary>With each update also take the output's mean off the biases, as the authors' PyTorch code does.</summary>
    public bool Centre { get; init; }

    /// <summary>Whether dropout is active while variances are measured. The authors' Caffe script leaves it on, with new masks at each measurement.</summary>
    public Phase Phase { get; init; } = Phase.Test;

    /// <summary>Images of one measurement; 0 for all. With fewer than all, each measurement takes the next ones.</summary>
    public int Batch { get; init; }

    /// <summary>The paper's stopping rule: tolerance 0.1 on the variance, on one batch.</summary>
    public static LsuvInit Paper => new() { Tolerance = 0.1, MostUpdates = 10 };

    /// <summary>The authors' Caffe script: tolerance 0.02, at most 21 updates, dropout on, and other images at every measurement where there are more than a batch.</summary>
    public static LsuvInit Script(int batch = 0) => new() { MostUpdates = 21, Phase = Phase.Train, Batch = batch };

    /// <summary>The authors' PyTorch code: tolerance 0.1 on the deviation, at most 11 updates, biases centred.</summary>
    public static LsuvInit PyTorch => new() { Tolerance = 0.1, MostUpdates = 11, ByDeviation = true, Centre = true };

    /// <summary>Scales every affine layer's weights. What they are to begin with is the caller's: orthonormal in the paper. images: count × input shape.</summary>
    public LsuvReport Apply(
        ParameterSet parameters, float[] images, int count, ulong seed, IProgress<InitProgress>? progress = null, CancellationToken cancellation = default)
    {
        int batch = Batch > 0 ? Math.Min(Batch, count) : count;
        using var net = new Net(parameters, batch, new() { Fuse = false, Backward = false, Outputs = Tops.Of(parameters.Graph), Seed = seed, BatchStatistics = true });
        var feed = new Feed(net, Tops.Image(net), images, count, Phase);
        var layers = new List<LsuvLayer>();
        var notes = new List<InitNote>();
        Node[] nodes = [.. net.Nodes];
        int affine = nodes.Count(n => n.Layer is IAffine), done = 0;
        foreach (Node node in nodes)
        {
            cancellation.ThrowIfCancellationRequested();
            if (node.Layer is not IAffine || node.Layer.SharedWith is not null)
            {
                if (node.Layer is not Input) net.Forward(node, Phase);
                continue;
            }
            progress?.Report(new("variance", node.Name, (double)done++ / affine));
            layers.Add(Bring(feed, node, notes));
        }
        progress?.Report(new("variance", "", 1));
        return new LsuvReport(layers, notes);
    }

    // The walk has brought the values below the node up to date.
    private LsuvLayer Bring(Feed feed, Node node, List<InitNote> notes)
    {
        feed.Forward(node, isFirst: true);
        (double mean, double variance) = Statistics(feed.Net, node);
        double first = variance;
        int updates = 0;
        while (updates < MostUpdates && !IsClose(variance))
        {
            if (!(variance > 0) || !double.IsFinite(variance))
            {
                notes.Add(new InitNote(node.Name, "constant-layer", $"the output's variance is {variance}, so no factor brings it to one: is the input constant?"));
                break;
            }
            Update(feed.Net.Parameters, node, mean, variance);
            updates++;
            feed.Forward(node, isFirst: false);
            (mean, variance) = Statistics(feed.Net, node);
        }
        if (updates == MostUpdates && !IsClose(variance))
            notes.Add(new InitNote(node.Name, "not-converged", $"after {updates} updates the variance is {variance:G4}, further than {Tolerance} from one: more images in a measurement vary less"));
        return new LsuvLayer(node.Name, first, variance, updates);
    }

    private bool IsClose(double variance) => Math.Abs((ByDeviation ? Math.Sqrt(variance) : variance) - 1) <= Tolerance;

    private void Update(ParameterSet parameters, Node node, double mean, double variance)
    {
        double factor = ByDeviation ? 1 / (Math.Sqrt(variance) + 1e-8) : 1 / Math.Sqrt(variance);
        ParameterPieces.Multiply(parameters.Backend, parameters.Weight(node), factor);
        if (!Centre || parameters.Bias(node) is not { } bias) return;
        float[] values = bias.Read();
        foreach (ref float b in values.AsSpan()) b -= (float)(mean * factor);
        bias.Write(values);
    }

    // Over samples, channels and positions together.
    private static (double Mean, double Variance) Statistics(Net net, Node node)
    {
        ChannelMoments moments = net.Backend.Moments(net[node]);
        double mean = moments.Mean.Average();
        return (mean, moments.Deviation.Zip(moments.Mean, (d, m) => d * d + (m - mean) * (m - mean)).Average());
    }

    // Gives the net its images: the same, or at each measurement of one layer the next, which then has to begin at the bottom.
    private sealed class Feed
    {
        private readonly Node input;
        private readonly float[] images;
        private readonly int count;
        private readonly Phase phase;
        private int next;

        public Feed(Net net, Node input, float[] images, int count, Phase phase)
        {
            (Net, this.input, this.images, this.count, this.phase) = (net, input, images, count, phase);
            Load();
        }

        public Net Net { get; }

        // Only where images or masks change is there anything new below the node.
        private bool IsFixed => Net.Batch == count && phase == Phase.Test;

        public void Forward(Node node, bool isFirst)
        {
            if (isFirst || IsFixed)
            {
                Net.Forward(node, phase);
                return;
            }
            if (Net.Batch < count) Load();
            Net.ForwardThrough(node, phase);
        }

        private void Load()
        {
            if (Net.Batch == count)
            {
                Net.Load(input, images);
                return;
            }
            int size = input.Shape.Count;
            float[] batch = new float[Net.Batch * size];
            for (int i = 0; i < Net.Batch; i++, next = (next + 1) % count) images.AsSpan(next * size, size).CopyTo(batch.AsSpan(i * size));
            Net.Load(input, batch);
        }
    }
}
