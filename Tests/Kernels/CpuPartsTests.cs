using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Kernels;

/// <summary>Values that only a concat reads are made as channels of what it joins, and their gradients lie in its gradient.</summary>
public sealed class CpuPartsTests
{
    private const int Batch = 3;

    // Two joins, one inside the other; of the four branches below, only x has other readers.
    private static Graph Joined()
    {
        Node x = Node.Input("data", 3, 9, 8).Convolution("stem", 16, 3, pad: 1).Relu();
        Node inner = Node.Concat("inner", x.Convolution("a", 16, 1), x.Convolution("b", 32, 3, pad: 1));
        return Graph.Of(Node.Concat("outer", inner, x.MaxPool("pool", 3, stride: 1, pad: 1), x).Convolution("top", 8, 3, pad: 1));
    }

    [Test]
    public void Branches_lie_in_the_whole([Values] bool share)
    {
        using Backend cpu = Backends.Open("cpu", threads: 1);
        using ParameterSet parameters = Filled(Joined(), cpu);
        Graph graph = parameters.Graph;
        using var net = new Net(parameters, Batch, new() { ShareMemory = share });
        Assert.Multiple(() =>
        {
            foreach (string name in (string[])["inner", "a", "b", "pool"]) Assert.That(IsPart(net[graph[name]], net[graph["outer"]]), name);
            Assert.That(IsPart(net[graph["outer"].Inputs[^1]], net[graph["outer"]]), Is.False, "a value with other readers");
            foreach (string name in (string[])["inner", "a", "pool"]) Assert.That(IsPart(net.GradientOf(graph[name]), net.GradientOf(graph["outer"])), name);
            Assert.That(IsPart(net.GradientOf(graph["b"]), net.GradientOf(graph["outer"])), Is.False, "a gradient that needs a border");
        });
    }

    [Test]
    public void Branches_and_their_gradients_are_what_the_reference_computes([Values] bool share, [Values] bool observe)
    {
        string[] names = ["a", "b", "inner", "pool", "outer", "top"];
        using Backend cpu = Backends.Open("cpu", threads: 2), reference = Backends.Open("reference");
        using ParameterSet fast = Filled(Joined(), cpu), exact = Filled(Joined(), reference);
        using var net = new Net(fast, Batch, new() { ShareMemory = share, Observe = observe ? [.. names.Select(n => fast.Graph[n])] : [] });
        using var slow = new Net(exact, Batch, new() { ShareMemory = false });
        float[] data = Noise(net[fast.Graph["data"]].Count, 7), gradient = Noise(net[fast.Graph["top"]].Count, 8);
        foreach (Net each in (Net[])[net, slow]) each.Load(each.Graph["data"], data);
        slow.Forward();
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, Phase.Train);
            Check(node.Name, net[node], slow[slow.Graph[node.Name]]);
        }
        using (IEnumerator<Node> steps = slow.BackwardSteps([(exact.Graph["top"], gradient)]).GetEnumerator())
        {
            foreach (Node node in net.BackwardSteps([(fast.Graph["top"], gradient)]))
            {
                Assert.That(steps.MoveNext());
                Check($"gradient of {node.Name}", net.GradientOf(node), slow.GradientOf(steps.Current));
            }
            Assert.That(steps.MoveNext(), Is.False);
        }
        if (observe) foreach (string name in names) Check($"{name} in the end", net[fast.Graph[name]], slow[slow.Graph[name]]);
        CheckParameters(fast, exact);
    }

    // A pass that begins at a branch, and one at the inner join, leave the rest of the whole's gradient alone.
    [Test]
    public void A_pass_may_begin_at_a_part([Values("a", "b", "inner")] string from, [Values] bool share)
    {
        using Backend cpu = Backends.Open("cpu", threads: 2), reference = Backends.Open("reference");
        using ParameterSet fast = Filled(Joined(), cpu), exact = Filled(Joined(), reference);
        using var net = new Net(fast, Batch, new() { ShareMemory = share });
        using var slow = new Net(exact, Batch, new() { ShareMemory = false });
        float[] data = Noise(net[fast.Graph["data"]].Count, 7), top = Noise(net[fast.Graph["top"]].Count, 8), part = Noise(net[fast.Graph[from]].Count, 9);
        foreach (Net each in (Net[])[net, slow])
        {
            each.Load(each.Graph["data"], data);
            each.Forward();
            each.Backward(each.Graph[from], part);
            each.Forward();
            each.Backward([(each.Graph["top"], top), (each.Graph[from], part)]);
        }
        CheckParameters(fast, exact);
    }

    [Test]
    public void Clearing_a_part_leaves_the_others()
    {
        using Backend cpu = Backends.Open("cpu", threads: 1);
        using ParameterSet parameters = Filled(Joined(), cpu);
        Graph graph = parameters.Graph;
        using var net = new Net(parameters, Batch, new() { ShareMemory = false });
        net.Load(graph["data"], Noise(net[graph["data"]].Count, 7));
        net.Forward();
        float[] before = net.Read(graph["b"]);
        net[graph["a"]].Clear();
        Assert.That(net.Read(graph["a"]), Is.All.Zero);
        Assert.That(net.Read(graph["b"]), Is.EqualTo(before));
    }

    private static bool IsPart(Tensor part, Tensor whole) => ReferenceEquals(part.Region.Storage, whole.Region.Storage)
        && part.Region.Offset >= whole.Region.Offset && part.Region.Offset + part.Region.Count <= whole.Region.Offset + whole.Region.Count
        && part.SampleStride == whole.SampleStride;

    // Sums of at most 9 × 80 products of numbers around one, in float32.
    private static void Check(string name, Tensor actual, Tensor expected) => Assert.That(actual.ReadExact(), Is.EqualTo(expected.ReadExact()).Within(2e-4), name);

    private static void CheckParameters(ParameterSet actual, ParameterSet expected)
    {
        for (int i = 0; i < actual.All.Count; i++)
        {
            double[] exact = expected.All[i].ReadGradientExact();
            Assert.That(actual.All[i].ReadGradientExact(), Is.EqualTo(exact).Within(2e-5 * Math.Max(1, exact.Max(Math.Abs))), actual.All[i].Name);
        }
    }

    private static ParameterSet Filled(Graph graph, Backend backend)
    {
        var parameters = new ParameterSet(graph, backend);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned))
            p.Write(Noise(p.Count, p.Count).Select(v => v / MathF.Sqrt(p.FanIn)).ToArray());
        return parameters;
    }

    private static float[] Noise(long count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
