namespace EvenNet.Framework;

/// <summary>
/// The sizes of values and of errors through the depth of a net, on one fixed batch: for each affine layer «value/conv1», the mean of squares of its output,
/// and «error/conv1», that of ∂ℓ/∂output as back-propagation alone makes it. What grows or vanishes with depth shows here. With an
/// <see cref="ErrorModulation"/> also «factor/conv1», by which the last training pass changed the error, and with a regularizer «deviation/conv1».
/// </summary>
public sealed class DepthStatistics : Measurement, IDisposable
{
    private readonly Net net;
    private readonly ErrorModulation? modulation;
    private readonly OrthonormalRegularizer? regularizer;
    private readonly Dictionary<Node, double> errors = [];

    /// <summary>Plans a net for the batch.</summary>
    /// <param name="training">The loop whose net and data are looked at; the batch is its first, or the first samples of it.</param>
    /// <param name="every">At which iterations.</param>
    /// <param name="most">Samples at the most.</param>
    /// <param name="modulation">The training net's watcher.</param>
    public DepthStatistics(Trainer training, int every, int most = 64, ErrorModulation? modulation = null)
        : base("depth", every)
    {
        (this.modulation, regularizer) = (modulation, training.Solver.Regularizer);
        var loader = new DataLoader(training.Data.Dataset, training.Data.Augmentation, training.Data.Options with { Batch = Math.Min(most, training.Net.Batch), Prefetch = 0 });
        LabelledBatch batch = loader.Batches().First();
        net = new Net(training.Net.Parameters, loader.Options.Batch, new NetOptions { Fuse = false, BatchStatistics = true, Seed = training.Net.Options.Seed, Watcher = new Watcher(this) });
        (Node images, Node labels) = NetInputs.Find(net, loader);
        net.Load(images, batch.Images);
        net.Load(labels, batch.Labels);
    }

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, double>> After()
    {
        var values = new Dictionary<Node, double>();
        net.BeginPass(0);
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, Phase.Train);
            if (node.Layer is IAffine) values[node] = ErrorModulation.MeanSquare(net.Backend, net[node]);
        }
        // The gradients that this pass adds up are not the training's.
        if (net.Parameters.HoldsGradients) throw new InvalidOperationException("a measurement between the passes of one step would mix with its gradients");
        net.Backward();
        net.Parameters.ClearGradients();
        foreach ((Node node, double size) in values)
        {
            yield return new($"value/{node.Name}", size);
            if (errors.TryGetValue(node, out double error)) yield return new($"error/{node.Name}", error);
            if (modulation?.Factors is { } factors && factors.FirstOrDefault(f => f.Key.Name == node.Name) is { Key: not null } factor) yield return new($"factor/{node.Name}", factor.Value);
            if (regularizer is not null) yield return new($"deviation/{node.Name}", regularizer.Deviation(net.Backend, net.Parameters.Weight(node)));
        }
    }

    /// <summary>Frees the plan.</summary>
    public void Dispose() => net.Dispose();

    private sealed class Watcher(DepthStatistics owner) : IBackwardWatcher
    {
        public void Begin() => owner.errors.Clear();

        public void Arrived(Node node, Tensor error) => owner.errors[node] = ErrorModulation.MeanSquare(owner.net.Backend, error);
    }
}
