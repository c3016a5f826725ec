using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Plans against plans: shared memory against a buffer each, one batch size against another, options against each other.</summary>
public sealed class PlanTests
{
    private static readonly string[] Devices = ["reference", "cpu"];

    [Test]
    public void Shared_memory_gives_the_same_bits_as_a_buffer_each(
        [ValueSource(typeof(Every), nameof(Every.LayerCase))] LayerCase layerCase, [ValueSource(nameof(Devices))] string device, [Values] bool fuse)
    {
        using Backend backend = Backends.Open(device, threads: 1);
        LayerRun shared = LayerRun.Of(layerCase, backend, new NetOptions { InputGradients = true, Fuse = fuse });
        LayerRun apart = LayerRun.Of(layerCase, backend, new NetOptions { InputGradients = true, Fuse = fuse, ShareMemory = false });
        Assert.That(shared.Results.Keys, Is.EqualTo(apart.Results.Keys));
        foreach ((string name, double[] values) in apart.Results) Assert.That(shared.Results[name], Is.EqualTo(values), name);
    }

    [Test]
    public void Shared_memory_is_smaller_and_says_so()
    {
        using Backend backend = Backends.Open("reference");
        var graph = Graph.Of(Every.Inception(classes: 5));
        PlanReport shared = PlanReport.Of(graph, backend, batch: 4), apart = PlanReport.Of(graph, backend, batch: 4, new() { ShareMemory = false });
        PlanReport forward = PlanReport.Of(graph, backend, batch: 4, new() { Backward = false });
        Assert.That(shared.ArenaCount, Is.LessThan(shared.SeparateCount * 3 / 4));
        Assert.That(apart.ArenaCount, Is.GreaterThanOrEqualTo(apart.SeparateCount));
        Assert.That(forward.ArenaCount, Is.LessThan(shared.ArenaCount / 2));
    }

    // What the initializers walk on: every value of the unfused plan can be read right after its node ran.
    [Test]
    public void Values_are_readable_right_after_their_node_ran([ValueSource(nameof(Devices))] string device, [Values] bool backward)
    {
        using Backend backend = Backends.Open(device);
        using Trial trial = new(backend);
        Dictionary<string, double[]> expected = trial.Values(new() { ShareMemory = false, Fuse = false });
        using Net net = trial.Net(new() { Fuse = false, Backward = backward });
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, Phase.Test);
            Assert.That(net[node].ReadExact(), Is.EqualTo(expected[node.Name]), node.Name);
        }
        Assert.That(net.Nodes.Select(n => n.Name), Is.EqualTo(trial.Graph.Nodes.Select(n => n.Name)));
    }

    [Test]
    public void A_rectifier_writes_over_its_input_where_nobody_wants_that_again([Values] bool observed)
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        Node data = Node.Input("data", 3, 8, 8), conv = data.Convolution("conv", 16, kernel: 3, pad: 1), relu = conv.Relu();
        var graph = Graph.Of(relu.InnerProduct("fc", 2));
        NetOptions options = new() { Fuse = false, Backward = false, Observe = observed ? [conv] : [] };
        var parameters = new ParameterSet(graph, backend);
        parameters.Weight(conv).Write([.. Enumerable.Range(0, parameters.Weight(conv).Count).Select(i => Math.Sin(i))]);
        using var net = new Net(parameters, 2, options);
        net.Load(data, [.. Enumerable.Range(0, 2 * 192).Select(i => (float)Math.Cos(i))]);
        net.Forward(Phase.Test);
        double[] before = net[conv].ReadExact(), after = net[relu].ReadExact();
        Assert.That(after, Has.Some.GreaterThan(0));
        Assert.That(before.Any(v => v < 0), Is.EqualTo(observed), "values of the convolution are still there");
        Assert.That(after, Is.EqualTo(before.Select(v => Math.Max(0, v))));
        net.Forward(relu, Phase.Test);
        Assert.That(net[relu].ReadExact(), Is.EqualTo(after));
    }

    [Test]
    public void Observed_values_outputs_and_inputs_stay_to_the_end([ValueSource(nameof(Devices))] string device, [Values] bool fuse)
    {
        using Backend backend = Backends.Open(device);
        using Trial trial = new(backend);
        Dictionary<string, double[]> expected = trial.Values(new() { ShareMemory = false, Fuse = false });
        Node[] observed = [.. trial.Graph.Nodes.Where(n => n.Name is "conv1" or "pool1" or "a/output" or "aux/fc/relu" or "b/3x3")];
        using Net net = trial.Net(new() { Observe = observed, Fuse = fuse });
        net.Forward(Phase.Test);
        net.Backward();
        foreach (Node node in observed.Concat(trial.Graph.Outputs).Concat(trial.Graph.Nodes.Where(n => n.Layer is Input)))
            Assert.That(net[node].ReadExact(), Is.EqualTo(expected[node.Name]), node.Name);
    }

    [Test]
    public void Forward_through_a_node_runs_all_up_to_it([ValueSource(nameof(Devices))] string device)
    {
        using Backend backend = Backends.Open(device);
        using Trial trial = new(backend);
        Dictionary<string, double[]> expected = trial.Values(new() { ShareMemory = false });
        using Net net = trial.Net(new());
        Node node = trial.Graph["a/output"];
        net.ForwardThrough(node, Phase.Test);
        Assert.That(net[node].ReadExact(), Is.EqualTo(expected[node.Name]));
        using var empty = new EmptyBackend { Recording = true };
        using var parameters = new ParameterSet(trial.Graph, empty);
        using var recorded = new Net(parameters, batch: 1);
        recorded.ForwardThrough(trial.Graph["norm1"], Phase.Test);
        Assert.That(empty.Log, Is.EqualTo((string[])["forward Convolution 16×7×8", "forward Pooling 16×3×4", "forward Lrn 16×3×4"]));
    }

    [Test]
    public void A_plan_may_stop_anywhere([ValueSource(nameof(Devices))] string device)
    {
        using Backend backend = Backends.Open(device);
        using Trial trial = new(backend);
        Dictionary<string, double[]> expected = trial.Values(new() { ShareMemory = false });
        Node scores = trial.Graph["scores"], norm = trial.Graph["norm1"];
        using Net net = trial.Net(new() { Outputs = [scores, norm], Backward = false }, label: false);
        net.Forward(Phase.Test);
        Assert.That(net[scores].ReadExact(), Is.EqualTo(expected["scores"]));
        Assert.That(net[norm].ReadExact(), Is.EqualTo(expected["norm1"]));
        Assert.That(net.Nodes.Select(n => n.Name), Does.Not.Contain("loss").And.Not.Contains("aux/scores").And.Not.Contains("label"));
        Assert.That(() => net.Backward(), Throws.InvalidOperationException.With.Message.Contains("NetOptions.Backward"));
        Assert.That(() => net[trial.Graph["loss"]], Throws.InvalidOperationException);
        using Net trained = trial.Net(new() { Outputs = [scores] }, label: false);
        Assert.That(() => trained.Backward(), Throws.InvalidOperationException.With.Message.EqualTo("the plan has no loss to start from; give a node and its gradient"));
    }

    [Test]
    public void The_batch_size_changes_no_sample([ValueSource(nameof(Devices))] string device)
    {
        using Backend backend = Backends.Open(device);
        using Trial trial = new(backend, batch: 5);
        double[] all = trial.Values(new())["scores"];
        for (int n = 0; n < 5; n++)
        {
            using var one = new Net(trial.Parameters, batch: 1);
            one.Load(trial.Graph["data"], trial.Data["data"].AsSpan(n * 3 * 13 * 15, 3 * 13 * 15));
            one.Load(trial.Graph["label"], trial.Data["label"].AsSpan(n, 1));
            one.ForwardThrough(trial.Graph["scores"], Phase.Test);
            Assert.That(Sample.RelativeError(all[(n * 5)..(n * 5 + 5)], one[trial.Graph["scores"]].ReadExact()), Is.LessThan(1e-6));
        }
        Assert.That(() => new Net(trial.Parameters, batch: 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("got 0"));
    }

    [Test]
    public void A_frozen_nodes_parameters_get_no_gradient([ValueSource(nameof(Devices))] string device)
    {
        using Backend backend = Backends.Open(device);
        using Trial trial = new(backend);
        Dictionary<string, double[]> all = trial.Gradients(new(), net => net.Backward());
        Dictionary<string, double[]> some = trial.Gradients(new() { ParameterGradients = n => n.Name.StartsWith("b/", StringComparison.Ordinal) }, net => net.Backward());
        foreach ((string name, double[] gradient) in all)
            Assert.That(some[name], name.StartsWith("b/", StringComparison.Ordinal) ? Is.EqualTo(gradient) : Is.All.Zero, name);
    }

    [Test]
    public void Options_that_make_no_sense_are_errors()
    {
        using Backend backend = Backends.Open("reference");
        using Trial trial = new(backend);
        Node stranger = Node.Input("scores", 1), scores = trial.Graph["scores"];
        Assert.That(() => trial.Net(new() { Outputs = [stranger] }), Throws.TypeOf<GraphException>().With.Message.EqualTo("scores is a node of another graph"));
        Assert.That(() => trial.Net(new() { Outputs = [trial.Graph["norm1"]], Observe = [scores] }), Throws.TypeOf<GraphException>()
            .With.Message.EqualTo("scores is to be observed, but none of the outputs norm1 depends on it"));
        using Net net = trial.Net(new());
        Assert.That(() => net[stranger], Throws.TypeOf<GraphException>());
        Assert.That(() => net[trial.Graph["conv1"]], Throws.InvalidOperationException.With.Message.Contains("Fuse = false"));
        Assert.That(() => net.Load(scores, (float[])[1]), Throws.ArgumentException.With.Message.EqualTo("scores is computed by InnerProduct; only input nodes are loaded"));
        Assert.That(() => net.Load(trial.Graph["label"], (float[])[1, 2, 3]), Throws.ArgumentException.With.Message.EqualTo("2 × 1 takes 2 values, got 3"));
        Assert.That(() => net.GradientOf(trial.Graph["data"]), Throws.InvalidOperationException.With.Message.EqualTo("the plan computes no gradient of data"));
    }

    [Test]
    public void A_label_that_names_no_class_is_an_error_with_the_nodes_name([ValueSource(nameof(Devices))] string device)
    {
        using Backend backend = Backends.Open(device);
        using Trial trial = new(backend);
        using Net net = trial.Net(new());
        foreach (float label in (float[])[5, -1, 1.5f, float.NaN])
        {
            net.Load(trial.Graph["label"], (float[])[0, label]);
            Assert.That(() => net.Forward(Phase.Test), Throws.TypeOf<LayerException>().With.Message.Contains("loss (SoftmaxLoss): sample 1 has the label ")
                .And.Message.EndWith("but the 5 scores are for classes 0 … 4; give an ignoreLabel to leave labels out"), $"{label}");
        }
        net.Load(trial.Graph["label"], (float[])[0, 4]);
        Assert.That(() => net.Forward(Phase.Test), Throws.Nothing);
    }

    [Test]
    public void Describe_marks_reference_kernels_in_other_plans_and_names_the_rest()
    {
        var report = new PlanReport(
            [new("conv1", new Shape(16, 7, 8), "cpu.fast", Layout.Blocked(2), 10), new("norm1", new Shape(16, 7, 8), "reference.lrn", Layout.Plain, 0)], 30, 40, 5);
        Assert.That(report.Describe("cpu"), Is.EqualTo(
            $"conv1  16×7×8        cpu.fast       blocked+2{Environment.NewLine}norm1  16×7×8        reference.lrn  plain  (slow: reference){Environment.NewLine}"));
        Assert.That(report.Describe("reference"), Does.Not.Contain("slow"));
        using Backend backend = Backends.Open("reference");
        using Trial trial = new(backend);
        using Net net = trial.Net(new());
        Assert.That(net.Describe().Split('\n'), Has.Exactly(1).StartsWith("conv1/relu").And.Exactly(1).StartsWith("arena"));
        Assert.That(net.Report.Lines.Sum(l => l.MultiplyAdds), Is.EqualTo(trial.Graph.MultiplyAdds));
    }
}
