using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Between-layer scaling without scale layers, as the paper's program does it: W ← r W, b ← r · (m′/m) b, where m is the mean magnitude of the
/// layer's input and carries what the layers below did. For a chain of homogeneous layers the function is kept up to the product of all r;
/// local response normalisation, which is nearly homogeneous, changes it a little, joined paths change it more. Curves with a scale of their own
/// (<see cref="Layer.IsHomogeneous"/>) would change it beyond bounds: nets with them are refused.
/// </summary>
public sealed record MultiplicativeRescaler : IRescaler
{
    /// <inheritdoc/>
    public required string Name { get; init; }

    /// <summary>α in r = (C / target)^(α/2).</summary>
    public required double Damping { get; init; }

    /// <summary>Put the output's deviation into the target, C̄ · s^(1/L), which draws it to one.</summary>
    public required bool UnitOutput { get; init; }

    /// <summary>Most sweeps.</summary>
    public int Sweeps { get; init; } = 10;

    /// <summary>Images used; the paper's program takes one batch of 16.</summary>
    public int Images { get; init; } = int.MaxValue;

    /// <summary>Stop when |ln C / ln target − 1| is below this for every layer: the program's own test.</summary>
    public double Tolerance { get; init; } = 0.01;

    /// <summary>Images in one training plan.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Whether dropout is active.</summary>
    public Phase Phase { get; init; } = Phase.Test;

    /// <summary>The program as it is: α = 1, target with the output's deviation, one batch of 16 images.</summary>
    public static MultiplicativeRescaler Reference { get; } = new() { Name = "reference", Damping = 1, UnitOutput = true, Images = 16 };

    /// <summary>The paper's text: α = 0.25, target the geometric mean, ten sweeps.</summary>
    public static MultiplicativeRescaler Paper { get; } = new() { Name = "paper", Damping = 0.25, UnitOutput = false };

    /// <summary>Throws if a layer below the losses is not homogeneous.</summary>
    /// <exception cref="GraphException">One is; the message names the first.</exception>
    public void Require(Graph graph)
    {
        Node[] others = [.. Graph.Of(Tops.Of(graph)).Nodes.Where(n => !n.Layer.IsHomogeneous)];
        if (others.Length == 0) return;
        string more = others.Length > 1 ? $", the first of {others.Length} such layers," : "";
        throw new GraphException(
            $"{others[0].Name} ({others[0].Layer.GetType().Name}){more} is not homogeneous: the between-layer mode {Name} would change what the net computes; use scale-layers, or none");
    }

    /// <inheritdoc/>
    /// <exception cref="GraphException">The net has layers that are not homogeneous.</exception>
    public RescaleReport Apply(
        ParameterSet parameters, float[] images, int count, ulong seed, IProgress<InitProgress>? progress = null, CancellationToken cancellation = default) =>
        Apply(parameters, images, count, seed, sweep => new Philox(seed, RandomPurpose.Noise, 1, (uint)sweep), null, progress, cancellation);

    /// <summary>Rescales with the noise of each sweep from a given source, and shows each sweep: seen(sweep, rates) before its update.</summary>
    public RescaleReport Apply(
        ParameterSet parameters, float[] images, int count, ulong seed, Func<int, RandomSource> noise, Action<int, double[]>? seen,
        IProgress<InitProgress>? progress = null, CancellationToken cancellation = default)
    {
        Require(parameters.Graph);
        count = Math.Min(count, Images);
        Node[] tops = Tops.Of(parameters.Graph), affine = [.. parameters.Graph.Affine.Where(n => n.Layer.SharedWith is null)];
        using var walk = new Net(parameters, count, new() { Fuse = false, Backward = false, Outputs = tops, Seed = seed, BatchStatistics = true });
        int size = Tops.Image(walk).Shape.Count;
        ReadOnlyMemory<float> samples = images.AsMemory(0, count * size);
        walk.Load(Tops.Image(walk), samples.Span);
        var magnitudes = new Dictionary<Node, double>();
        double output = Walk(walk, node => magnitudes[node] = Magnitude(walk.Backend, walk.InputOf(node)));
        double first = output;
        var history = new List<double[]>();
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new("rescaling", $"sweep {sweep + 1}", (double)sweep / Sweeps));
            BackPropagate(parameters, tops, samples, count, size, noise(sweep), seed);
            double[] rates = [.. affine.Select(n => Rate(parameters, n))];
            history.Add(rates);
            seen?.Invoke(sweep, rates);
            // A layer without a gradient, or without weights, has no rate: only its bias follows the layers below.
            double[] measured = [.. rates.Select(r => Math.Log(r)).Where(double.IsFinite)];
            if (measured.Length == 0) break;
            double target = measured.Average() + (UnitOutput && output > 0 ? Math.Log(output) / affine.Length : 0);
            if (measured.All(log => Math.Abs(log / target - 1) < Tolerance)) break;
            Dictionary<Node, double> logs = affine.Zip(rates).ToDictionary(p => p.First, p => double.IsFinite(Math.Log(p.Second)) ? Damping / 2 * (Math.Log(p.Second) - target) : 0);
            output = Walk(walk, node =>
            {
                double magnitude = Magnitude(walk.Backend, walk.InputOf(node)), r = Math.Exp(logs[node]);
                ParameterPieces.Multiply(parameters.Backend, parameters.Weight(node), r);
                if (parameters.Bias(node) is { } bias) ParameterPieces.Multiply(parameters.Backend, bias, magnitudes[node] > 0 ? r * magnitude / magnitudes[node] : r);
                magnitudes[node] = magnitude;
            });
        }
        progress?.Report(new("rescaling", "", 1));
        IEnumerable<Node> without = affine.Where((_, k) => history.Count > 0 && !double.IsFinite(Math.Log(history[^1][k])));
        return new RescaleReport([.. affine.Select(n => n.Name)], history, [.. without.Select(n => RescaleReport.WithoutRate(n.Name)), .. Notes(walk, first, output)]);
    }

    // Why the function may not be what it was. first, output: the output's deviation before and after.
    private IEnumerable<InitNote> Notes(Net net, double first, double output)
    {
        if (!UnitOutput && Math.Abs(Math.Log(output / first)) > 0.25)
        {
            yield return new InitNote(net.Options.Outputs![^1].Name, "not-homogeneous",
                $"the output's deviation went from {first:G4} to {output:G4}: the net is not homogeneous; use scale layers to keep its function");
        }
        Node[] joined = [.. net.Nodes.Where(n => n.Layer is Concat or Eltwise && n.Inputs.Distinct().Count() > 1)];
        if (joined.Length > 0)
        {
            yield return new InitNote(joined[0].Name, "joined-paths",
                $"paths with factors of their own join here{(joined.Length > 1 ? $", the first of {joined.Length} places" : "")}: the function has changed; use scale layers to keep it");
        }
    }

    // Runs all layers bottom up, visiting each affine one when its input is there and before it runs. Returns the output's deviation:
    // the mean over the main classifier's channels.
    private double Walk(Net net, Action<Node> visit)
    {
        foreach (Node node in net.Nodes)
        {
            if (node.Layer is IAffine && node.Layer.SharedWith is null)
            {
                net.ForwardInputs(node, Phase);
                visit(node);
            }
            net.Forward(node, Phase);
        }
        return net.Backend.Moments(net[net.Options.Outputs![^1]]).Deviation.Average();
    }

    private void BackPropagate(ParameterSet parameters, Node[] tops, ReadOnlyMemory<float> samples, int count, int size, RandomSource noise, ulong seed)
    {
        parameters.ClearGradients();
        for (int n = 0; n < count;)
        {
            int batch = Math.Min(Batch, count - n);
            using var net = new Net(parameters, batch, new() { Fuse = false, Outputs = tops, Seed = seed, BatchStatistics = true });
            for (; n + batch <= count; n += batch)
            {
                net.Load(Tops.Image(net), samples.Span.Slice(n * size, batch * size));
                net.Forward(Phase);
                net.Backward(Noise.At(tops, batch, noise));
            }
        }
    }

    private static double Rate(ParameterSet parameters, Node node)
    {
        Parameter weight = parameters.Weight(node);
        return Math.Sqrt(parameters.Backend.SquaredNorm(weight.Gradients) / parameters.Backend.SquaredNorm(weight.Values));
    }

    private static double Magnitude(Backend backend, Tensor tensor)
    {
        if (backend.InitializerKernels is { } kernels) return kernels.MeanMagnitude(tensor);
        var sums = new double[tensor.Batch];
        backend.For(tensor.Batch, n =>
        {
            double sum = 0;
            foreach (double v in tensor.ReadExact(n)) sum += Math.Abs(v);
            sums[n] = sum;
        });
        return sums.Sum() / tensor.Count;
    }
}
