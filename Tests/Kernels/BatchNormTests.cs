using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class BatchNormTests
{
    private static readonly string[] Gathered = ["mean_sum", "variance_sum", "count"];

    // Float32 values of size one to four, recorded by a program that computes in float32.
    [Test]
    public void Two_passes_in_training_and_one_in_testing_follow_caffe([Values("reference", "cpu")] string backend)
    {
        Golden golden = Golden.Open("batchnorm_scale");
        Node x = Node.Input("x", 3, 2, 3), y = x.BatchNorm("bn", epsilon: 1e-4f, fraction: 0.9f), z = y.Scale("sc");
        using Backend device = Backends.Open(backend);
        using var parameters = new ParameterSet(Graph.Of(z), device);
        parameters["sc.weight"].Write(golden["param/sc/0"]);
        parameters["sc.bias"].Write(golden["param/sc/1"]);
        using var net = new Net(parameters, batch: 4, new() { InputGradients = true });
        double worst = 0;
        void Compare(string tensor, double[] actual) => worst = Math.Max(worst, Sample.RelativeError([.. golden[tensor].Select(v => (double)v)], actual));
        foreach (string pass in (string[])["train1", "train2", "test"])
        {
            net.Load(x, golden[$"{pass}/in/x"]);
            foreach (Node node in net.Nodes)
            {
                net.Forward(node, pass == "test" ? Phase.Test : Phase.Train);
                Compare($"{pass}/blob/{(node == y ? "y" : node == z ? "z" : "x")}", net[node].ReadExact());
            }
            for (int i = 0; pass != "test" && i < Gathered.Length; i++) Compare($"{pass}/stat/bn/{i}", parameters[$"bn.{Gathered[i]}"].ReadExact());
            if (pass == "train1") continue;
            parameters.ClearGradients();
            foreach (Node node in net.BackwardSteps([(z, golden[$"{pass}/topdiff/z"])])) Compare($"{pass}/diff/{(node == y ? "y" : "z")}", net.GradientOf(node).ReadExact());
            Compare($"{pass}/diff/x", net.GradientOf(x).ReadExact());
            Compare($"{pass}/pdiff/sc/0", parameters["sc.weight"].ReadGradientExact());
            Compare($"{pass}/pdiff/sc/1", parameters["sc.bias"].ReadGradientExact());
        }
        TestContext.Out.WriteLine($"worst error {worst:0.0e+00}");
        Assert.That(worst, Is.LessThan(backend == "reference" ? 1e-6 : 2e-6));
    }

    // A channel of 1, 2, 3, 6 over two samples: mean 3, variance 3.5, unbiased 14/3.
    [Test]
    public void Running_sums_are_those_by_hand([Values("reference", "cpu")] string backend)
    {
        Node x = Node.Input("x", 1, 1, 2), y = x.BatchNorm("bn", epsilon: 0.5f, fraction: 0.5f);
        using Backend device = Backends.Open(backend);
        using var parameters = new ParameterSet(Graph.Of(y), device);
        using var net = new Net(parameters, batch: 2);
        net.Load(x, (float[])[1, 2, 3, 6]);
        net.Forward(Phase.Test);
        Assert.That(net.Read(y), Is.EqualTo(new[] { 1, 2, 3, 6 }.Select(v => v / Math.Sqrt(0.5))).Within(1e-5), "nothing is gathered yet");
        net.Forward();
        Assert.That(net.Read(y), Is.EqualTo(new[] { -1, -0.5, 0, 1.5 }).Within(1e-6));
        net.Forward();
        Assert.That(Gathered.Select(n => parameters[$"bn.{n}"].ReadExact()[0]), Is.EqualTo(new[] { 4.5, 7, 1.5 }).Within(1e-6));
        net.Forward(Phase.Test);
        Assert.That(net.Read(y), Is.EqualTo(new[] { 1, 2, 3, 6 }.Select(v => (v - 3) / Math.Sqrt(14.0 / 3 + 0.5))).Within(1e-6));
        Assert.That(parameters["bn.count"].ReadExact()[0], Is.EqualTo(1.5), "testing gathers nothing");
    }

    [Test]
    public void Statistics_of_the_batch_serve_both_phases_and_are_not_gathered([Values("reference", "cpu")] string backend)
    {
        Node x = Node.Input("x", 5, 3, 2), y = x.BatchNorm("bn");
        using Backend device = Backends.Open(backend);
        using var parameters = new ParameterSet(Graph.Of(y), device);
        using var net = new Net(parameters, batch: 4, new() { BatchStatistics = true });
        net.Load(x, Sample.Normal(new Random(1), 4 * 30));
        net.Forward();
        double[] training = net[y].ReadExact();
        net.Forward(Phase.Test);
        Assert.That(net[y].ReadExact(), Is.EqualTo(training));
        ChannelMoments moments = device.Moments(net[y]);
        Assert.That(moments.Mean, Is.All.EqualTo(0).Within(1e-6));
        Assert.That(moments.Deviation, Is.All.EqualTo(1).Within(1e-4));
        Assert.That(parameters.All.SelectMany(p => p.Read()), Is.All.Zero);
    }

    [Test]
    public void What_is_gathered_is_the_same_on_every_backend_and_with_any_number_of_threads()
    {
        double[] Gather(Backend backend)
        {
            Node x = Node.Input("x", 3, 9, 7), y = x.Convolution("c", 35, 3, pad: 1).BatchNorm("bn");
            Node z = y.InnerProduct("f", 21).BatchNorm("flat").InnerProduct("g", 2);
            using var parameters = new ParameterSet(Graph.Of(z), backend);
            var random = new Random(2);
            foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight")) p.Write(Sample.Normal(random, p.Count));
            using var net = new Net(parameters, batch: 6);
            for (int i = 0; i < 3; i++)
            {
                net.Load(x, Sample.Normal(random, 6 * 189));
                net.Forward();
            }
            return [.. parameters.All.Where(p => p.Node.Layer is BatchNorm).SelectMany(p => p.ReadExact())];
        }
        using Backend reference = Backends.Open("reference"), one = new CpuBackend(1), three = new CpuBackend(3);
        double[] expected = Gather(reference), actual = Gather(one);
        Assert.That(Sample.RelativeError(expected, actual), Is.LessThan(1e-5));
        Assert.That(Gather(three), Is.EqualTo(actual));
    }

    [Test]
    public void What_is_gathered_is_frozen_and_counts_as_a_change()
    {
        using Backend device = Backends.Open("cpu");
        Node x = Node.Input("x", 2, 2, 2), label = Node.Input("label", 1);
        using var parameters = new ParameterSet(Graph.Of(x.BatchNorm("bn").Scale("sc").InnerProduct("f", 3).SoftmaxLoss(label)), device);
        Assert.That(parameters.Graph.ParameterCount, Is.EqualTo(2 + 2 + 24 + 3));
        using var net = new Net(parameters, batch: 3);
        using var solver = new SgdSolver(parameters) { Rate = 0.1f, Decay = 0.5f };
        net.Load(x, Sample.Normal(new Random(1), 24));
        int version = parameters["bn.mean_sum"].Version;
        net.Forward();
        Assert.That(parameters["bn.mean_sum"].Version, Is.GreaterThan(version));
        float[] before = parameters["bn.mean_sum"].Read();
        solver.Step(net);
        Assert.That(parameters["bn.mean_sum"].Read(), Is.EqualTo(before));
        Assert.That(parameters["bn.count"].Read(), Is.EqualTo((float[])[1]));
    }

    [Test]
    public void A_file_of_the_weights_brings_back_what_was_gathered()
    {
        using var folder = new TemporaryFolder();
        using Backend device = Backends.Open("cpu");
        Graph graph = Graph.Of(Node.Input("x", 3, 2, 2).BatchNorm("bn").Scale("sc"));
        using ParameterSet parameters = new(graph, device), other = new(graph, device);
        using (var net = new Net(parameters, batch: 3))
        {
            net.Load(graph["x"], Sample.Normal(new Random(1), 36));
            net.Forward();
        }
        Checkpoint.Save(parameters, folder["weights.safetensors"]);
        Checkpoint.Load(other, folder["weights.safetensors"]);
        Assert.That(other.All.SelectMany(p => p.Read()), Is.EqualTo(parameters.All.SelectMany(p => p.Read())));
    }

    [Test]
    public void A_layer_that_cannot_be_is_refused_by_name()
    {
        Node x = Node.Input("x", 3, 2, 2);
        Assert.That(() => x.BatchNorm("bn", epsilon: 0), Throws.InstanceOf<GraphException>().With.Message.Contains("bn (BatchNorm): epsilon must be positive, got 0"));
        Assert.That(() => x.BatchNorm("bn", fraction: 1.5f), Throws.InstanceOf<GraphException>().With.Message.Contains("fraction must lie in [0, 1], got 1.5"));
        Assert.That(() => new Node("bn", new BatchNorm(), x, x), Throws.InstanceOf<GraphException>().With.Message.Contains("takes one input, got 2"));
        Assert.That(() => new Node("sc", new Scale(), x, x), Throws.InstanceOf<GraphException>().With.Message.Contains("takes one input, got 2"));
    }
}
