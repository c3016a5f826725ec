using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>
/// Partial backward passes. Where a value has several readers, the last of them writes its gradient and the others add: a pass that skips the
/// writer (from one classifier of several) must find a cleared buffer, in memory that was lent to others before.
/// </summary>
[TestFixture("reference", 1e-12)]
[TestFixture("cpu", 1e-5)]
public sealed class BackwardPassTests(string device, double tolerance)
{
    private Backend backend = null!;

    [SetUp]
    public void Open() => backend = Backends.Open(device);

    [TearDown]
    public void Close() => backend.Dispose();

    [Test]
    public void One_head_of_two_gives_the_gradients_of_a_graph_with_that_head_alone([Values("loss", "aux/loss")] string head, [Values] bool fuse)
    {
        using Trial both = new(backend), alone = new(backend, heads: outputs => [outputs.Single(o => o.Name == head)]);
        Dictionary<string, double[]> partial = both.Gradients(new() { Fuse = fuse }, net => net.Backward(both.Graph[head], Ones));
        Dictionary<string, double[]> whole = alone.Gradients(new() { Fuse = fuse, ShareMemory = false }, net => net.Backward());
        foreach ((string name, double[] gradient) in partial)
        {
            if (whole.TryGetValue(name, out double[]? expected)) Close(expected, gradient, name);
            else Assert.That(gradient, Is.All.Zero, name);
        }
        Assert.That(whole.Keys, Is.SubsetOf(partial.Keys));
    }

    // The first pass leaves its own numbers wherever the second might forget to clear.
    [Test]
    public void A_pass_from_one_head_after_a_pass_from_the_other_starts_afresh([Values] bool fuse)
    {
        using Trial trial = new(backend);
        foreach (string head in (string[])["aux/loss", "loss"])
        {
            Dictionary<string, double[]> first = trial.Gradients(new() { Fuse = fuse }, net => net.Backward(trial.Graph[head], Ones));
            Dictionary<string, double[]> again = trial.Gradients(new() { Fuse = fuse }, net =>
            {
                net.Backward(trial.Graph["scores"], [.. Enumerable.Repeat(1e6f, 10)]);
                net.Forward(Phase.Test);
                trial.Parameters.ClearGradients();
                net.Backward(trial.Graph[head], Ones);
            });
            foreach ((string name, double[] gradient) in first) Assert.That(again[name], Is.EqualTo(gradient), $"{name} from {head}");
        }
    }

    [Test]
    public void Several_heads_at_once_give_the_sum([Values] bool fuse)
    {
        using Trial trial = new(backend);
        float[] onScores = [.. Enumerable.Range(0, 10).Select(i => (float)Math.Sin(i))], onModule = Seed("a/output");
        (string Node, float[] Gradient)[] seeds = [("aux/loss", Ones), ("scores", onScores), ("a/output", onModule), ("scores", onScores)];
        Dictionary<string, double[]>[] parts = [.. seeds.Select(s => trial.Gradients(new() { Fuse = fuse }, net => net.Backward(trial.Graph[s.Node], s.Gradient)))];
        Dictionary<string, double[]> together = trial.Gradients(new() { Fuse = fuse }, net => net.Backward([.. seeds.Select(s => (trial.Graph[s.Node], s.Gradient))]));
        foreach ((string name, double[] gradient) in together)
            Close([.. gradient.Select((_, i) => parts.Sum(p => p[name][i]))], gradient, name);
    }

    [Test]
    public void All_losses_are_what_a_backward_pass_starts_from()
    {
        using Trial trial = new(backend);
        Dictionary<string, double[]> expected = trial.Gradients(new(), net => net.Backward([(trial.Graph["loss"], Ones), (trial.Graph["aux/loss"], Ones)]));
        foreach ((string name, double[] gradient) in trial.Gradients(new(), net => net.Backward())) Assert.That(gradient, Is.EqualTo(expected[name]), name);
    }

    [Test]
    public void A_pass_may_start_at_any_value([Values("conv1/relu", "norm1", "a/output", "a/3x3/relu", "b/output", "scores")] string start, [Values] bool fuse)
    {
        using Trial whole = new(backend), cut = new(backend, heads: outputs => [Graph.Of(outputs)[start]]);
        float[] seed = Seed(start);
        Dictionary<string, double[]> partial = whole.Gradients(new() { Fuse = fuse }, net => net.Backward(whole.Graph[start], seed));
        using var net = new Net(cut.Parameters, batch: 2, new() { Fuse = fuse, ShareMemory = false });
        net.Load(cut.Graph["data"], cut.Data["data"]);
        net.Forward(Phase.Test);
        net.Backward(cut.Graph[start], seed);
        foreach ((string name, double[] gradient) in partial)
        {
            if (cut.Parameters.TryGet(name, out Parameter? p)) Close(p!.ReadGradientExact(), gradient, name);
            else Assert.That(gradient, Is.All.Zero, name);
        }
    }

    [Test]
    public void Gradients_are_complete_when_their_step_is_yielded([Values] bool fuse)
    {
        using Trial trial = new(backend);
        var yielded = new Dictionary<string, double[]>();
        using (Net net = trial.Net(new() { Fuse = fuse }))
        {
            net.Forward(Phase.Test);
            foreach (Node node in net.BackwardSteps([(trial.Graph["loss"], Ones), (trial.Graph["aux/loss"], Ones)])) yielded.Add(node.Name, net.GradientOf(node).ReadExact());
        }
        // Every value stands alone here, and the reference leaves gradients as they are.
        using Backend reference = Backends.Open("reference");
        using Trial exact = new(reference);
        using Net apart = exact.Net(new() { Fuse = fuse, ShareMemory = false });
        apart.Forward(Phase.Test);
        apart.Backward();
        foreach ((string name, double[] gradient) in yielded) Close(apart.GradientOf(exact.Graph[name]).ReadExact(), gradient, name);
        Assert.That(yielded.Keys, Is.EquivalentTo(apart.Nodes.Where(n => n.Layer is not Input).Select(n => n.Name)));
    }

    [Test]
    public void Input_gradients_are_there_when_asked_for_and_zero_where_a_pass_does_not_reach()
    {
        Node a = Node.Input("a", 6), b = Node.Input("b", 6), f = a.InnerProduct("f", 4), g = b.InnerProduct("g", 4), both = Node.Sum("both", f, g);
        var graph = Graph.Of(both, f.InnerProduct("h", 3));
        using var parameters = new ParameterSet(graph, backend);
        foreach (Parameter p in parameters.All) p.Write(Sample.Normal(new Random(p.Count), p.Count));
        using var net = new Net(parameters, batch: 2, new() { InputGradients = true });
        net.Load(a, Sample.Normal(new Random(1), 12));
        net.Load(b, Sample.Normal(new Random(2), 12));
        net.Forward();
        net.Backward(both, [.. Enumerable.Repeat(1f, 8)]);
        Assert.That(net.ReadGradient(a), Has.Some.Not.Zero);
        Assert.That(net.ReadGradient(b), Has.Some.Not.Zero);
        net.Forward();
        net.Backward(graph["h"], [.. Enumerable.Repeat(1f, 6)]);
        Assert.That(net.ReadGradient(a), Has.Some.Not.Zero);
        Assert.That(net.ReadGradient(b), Is.All.Zero);
        Assert.That(() => net.Backward(a, [.. Enumerable.Repeat(1f, 12)]), Throws.ArgumentException.With.Message.StartWith("a is an input"));
        Assert.That(() => net.Backward(both, [1, 2]), Throws.ArgumentException.With.Message.EqualTo("the gradient of both 4 at batch 2 has 8 values, got 2"));
    }

    [Test]
    public void Parameter_gradients_add_up_over_passes()
    {
        using Trial trial = new(backend);
        Dictionary<string, double[]> once = trial.Gradients(new(), net => net.Backward());
        Dictionary<string, double[]> twice = trial.Gradients(new(), net =>
        {
            net.Backward();
            net.Forward(Phase.Test);
            net.Backward();
        });
        foreach ((string name, double[] gradient) in once) Close([.. gradient.Select(g => 2 * g)], twice[name], name);
    }

    [Test]
    public void A_backward_pass_needs_a_forward_pass_of_its_own()
    {
        using Trial trial = new(backend);
        using Net net = trial.Net(new());
        Assert.That(() => net.Backward(), Throws.InvalidOperationException.With.Message.EqualTo(
            "a backward pass from aux/loss needs a forward pass before it; one serves one backward pass, or several with ShareMemory = false"));
        net.ForwardThrough(trial.Graph["norm1"], Phase.Test);
        Assert.That(() => net.Backward(trial.Graph["scores"], new float[10]), Throws.InvalidOperationException);
        Assert.That(() => net.Backward(trial.Graph["norm1"], Seed("norm1")), Throws.Nothing);
        foreach (Node node in net.Nodes) net.Forward(node, Phase.Test);
        Assert.That(() => net.Backward(), Throws.Nothing);
        Assert.That(() => net.Backward(), Throws.InvalidOperationException);

        Dictionary<string, double[]> once = trial.Gradients(new(), n => n.Backward());
        Dictionary<string, double[]> twice = trial.Gradients(new() { ShareMemory = false }, n =>
        {
            n.Backward();
            n.Backward();
        });
        foreach ((string name, double[] gradient) in once) Close([.. gradient.Select(g => 2 * g)], twice[name], name);
    }

    [Test]
    public void Dropout_masks_depend_on_the_seed_and_the_pass_alone()
    {
        using Trial trial = new(backend);
        double[][] Losses(ulong seed, bool fuse)
        {
            using Net net = trial.Net(new() { Seed = seed, Fuse = fuse });
            var losses = new List<double[]>();
            for (int pass = 0; pass < 3; pass++)
            {
                net.Forward();
                losses.Add(net[trial.Graph["loss"]].ReadExact());
            }
            return [.. losses];
        }
        double[][] first = Losses(seed: 1, fuse: true), again = Losses(seed: 1, fuse: true), unfused = Losses(seed: 1, fuse: false), other = Losses(seed: 2, fuse: true);
        Assert.That(again, Is.EqualTo(first));
        for (int pass = 0; pass < 3; pass++) Close(first[pass], unfused[pass], $"pass {pass}");
        Assert.That(first[1], Is.Not.EqualTo(first[0]), "each pass draws its own mask");
        Assert.That(other[0], Is.Not.EqualTo(first[0]));
    }

    private static float[] Ones => [1, 1];

    private float[] Seed(string node)
    {
        using Trial trial = new(backend);
        return [.. Sample.Normal(new Random(9), 2 * trial.Graph[node].Shape.Count).Select(v => (float)v)];
    }

    private void Close(double[] expected, double[] actual, string name) => Assert.That(Sample.RelativeError(expected, actual), Is.LessThanOrEqualTo(tolerance), name);
}
