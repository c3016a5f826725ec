using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class GraphTests
{
    private static Node Conv1 => Node.Input("data", 3, 227, 227).Convolution("conv1", 96, kernel: 11, stride: 4).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1");

    [Test]
    public void Sizes_that_do_not_fit_are_an_error_with_the_way_there() =>
        Assert.That(() => Conv1.Convolution("conv2", 256, kernel: 5, pad: 2, groups: 5), Throws.TypeOf<GraphException>().With.Message.EqualTo(
            "conv2 (Convolution): 5 groups do not divide the 96 input channels.\n"
            + "  path: data 3×227×227 → conv1 96×55×55 → conv1/relu 96×55×55 → pool1 96×27×27 → norm1 96×27×27 → conv2"));

    [Test]
    public void A_long_way_is_cut_at_the_front()
    {
        Node deep = Conv1.Convolution("conv2", 256, kernel: 5, pad: 2, groups: 2).Relu();
        Assert.That(() => deep.Convolution("conv3", 384, kernel: 30), Throws.TypeOf<GraphException>().With.Message.EqualTo(
            "conv3 (Convolution): a 30×30 window does not fit 27×27 padded by 0×0.\n"
            + "  path: … → conv1/relu 96×55×55 → pool1 96×27×27 → norm1 96×27×27 → conv2 256×27×27 → conv2/relu 256×27×27 → conv3"));
    }

    private static IEnumerable<TestCaseData> Wrong
    {
        get
        {
            Node x = Node.Input("x", 4, 6, 5), flat = Node.Input("flat", 7);
            static TestCaseData Case(Func<Node> make, string message) => new TestCaseData(make, message).SetArgDisplayNames(message);
            yield return Case(() => Node.Input("data", 0, 2, 2), "data (Input): sizes must be positive, got 0×2×2");
            yield return Case(() => Node.Input("data", 65536, 65536, 1), "data (Input): Arithmetic operation resulted in an overflow.");
            yield return Case(() => x.Convolution("c", 0, 3), "c (Convolution): outputs must be positive, got 0");
            yield return Case(() => x.Convolution("c", 6, 3, groups: 4), "c (Convolution): 4 groups do not divide the 6 outputs");
            yield return Case(() => x.Convolution("c", 6, 3, groups: 0), "c (Convolution): groups must be positive, got 0");
            yield return Case(() => x.Convolution("c", 6, 3, stride: 0), "c (Convolution): stride must be at least 1, got 0×0");
            yield return Case(() => x.Convolution("c", 6, new Extent(3, 0)), "c (Convolution): kernel must be at least 1, got 3×0");
            yield return Case(() => x.Convolution("c", 6, 3, pad: -1), "c (Convolution): pad must be at least 0, got -1×-1");
            yield return Case(() => x.Convolution("c", 6, 3, dilation: 3), "c (Convolution): a 7×7 window does not fit 6×5 padded by 0×0");
            yield return Case(() => x.InnerProduct("f", -2), "f (InnerProduct): outputs must be positive, got -2");
            yield return Case(() => x.MaxPool("p", 3, stride: 2, pad: 3), "p (Pooling): padding 3×3 must be smaller than the 3×3 window");
            yield return Case(() => x.MaxPool("p", 7, stride: 2), "p (Pooling): a 7×7 window does not fit 6×5 padded by 0×0");
            yield return Case(() => x.Lrn("n", size: 4), "n (Lrn): size must be odd, got 4");
            yield return Case(() => x.LrnWithin("n", size: 0), "n (LrnWithin): size must be odd, got 0");
            yield return Case(() => x.Dropout(1), "x/drop (Dropout): rate must lie in [0, 1), got 1");
            yield return Case(() => Node.Concat("y", x, flat), "y (Concat): inputs differ in height or width: 4×6×5, 7");
            yield return Case(() => Node.Concat("y"), "y (Concat): takes at least one input, got 0");
            yield return Case(() => Node.Sum("y", x, flat), "y (Eltwise): inputs differ in size: 4×6×5, 7");
            yield return Case(() => Node.Sum("y", x), "y (Eltwise): takes two inputs or more, got 1");
            yield return Case(() => Node.WeightedSum("y", [1, 2, 3], x, x), "y (Eltwise): 3 coefficients for 2 inputs");
            yield return Case(() => flat.SigmoidCrossEntropy(Node.Input("label", 8)), "loss (SigmoidCrossEntropy): 7 scores but 8 labels");
            yield return Case(() => x.SoftmaxLoss(flat), "loss (SoftmaxLoss): scores of 6×5 positions need labels of 1×6×5, got 7");
            yield return Case(() => new Node("r", new Relu(), x, flat), "r (Relu): takes one input, got 2");
        }
    }

    [TestCaseSource(nameof(Wrong))]
    public void Every_layer_says_what_is_wrong_with_its_inputs(Func<Node> make, string message) =>
        Assert.That(() => make(), Throws.TypeOf<GraphException>().With.Message.StartWith(message));

    [Test]
    public void A_name_used_twice_is_an_error()
    {
        Node x = Node.Input("data", 4);
        Assert.That(() => Graph.Of(x.InnerProduct("fc", 3).InnerProduct("fc", 2)), Throws.TypeOf<GraphException>()
            .With.Message.EqualTo("two nodes are named fc; parameters and checkpoints need distinct names"));
        Assert.That(() => Node.Input(" ", 1), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => Graph.Of(), Throws.TypeOf<GraphException>().With.Message.EqualTo("a graph needs at least one output"));
    }

    [Test]
    public void A_name_that_is_not_there_is_answered_with_the_nearest()
    {
        var graph = Graph.Of(CaffeNet.Scores(1000));
        Assert.That(() => graph["fc_7"], Throws.TypeOf<GraphException>().With.Message.EqualTo("no node named fc_7; did you mean fc7?"));
        Assert.That(() => graph["Conv1"], Throws.TypeOf<GraphException>().With.Message.EqualTo("no node named Conv1; did you mean conv1?"));
        using Backend device = Backends.Open("reference");
        using var parameters = new ParameterSet(Graph.Of(Node.Input("x", 2).InnerProduct("fc7", 3)), device);
        Assert.That(() => parameters["fc7.weights"], Throws.TypeOf<GraphException>().With.Message.EqualTo("no parameter named fc7.weights; did you mean fc7.weight?"));
    }

    [Test]
    public void A_graph_holds_what_its_outputs_need_inputs_first()
    {
        Node data = Node.Input("data", 4), a = data.InnerProduct("a", 3), b = a.Relu(), unused = a.InnerProduct("unused", 2), sum = Node.Sum("sum", b, a);
        var graph = Graph.Of(sum, b);
        Assert.That(graph.Nodes, Is.EqualTo((Node[])[data, a, b, sum]));
        Assert.That(graph.Nodes, Does.Not.Contain(unused));
        Assert.That(graph.Outputs, Is.EqualTo((Node[])[sum, b]));
        Assert.That(graph.Affine, Is.EqualTo((Node[])[a]));
    }

    [Test]
    public void A_graph_of_thousands_of_layers_is_collected()
    {
        Node x = Node.Input("data", 1);
        for (int i = 0; i < 20_000; i++) x = new Node($"r{i}", new Relu(), x);
        Assert.That(Graph.Of(x).Nodes, Has.Count.EqualTo(20_001));
    }

    [Test]
    public void Sharing_parameters_needs_their_owner_and_their_sizes()
    {
        Node x = Node.Input("data", 4), a = x.InnerProduct("a", 4), apart = x.InnerProduct("b", 4, sharedWith: a);
        Assert.That(() => Graph.Of(apart), Throws.TypeOf<GraphException>().With.Message.EqualTo("b shares the parameters of a, which is not part of this graph"));
        var graph = Graph.Of(a.InnerProduct("c", 5, sharedWith: a));
        using Backend device = Backends.Open("reference");
        Assert.That(() => new ParameterSet(graph, device), Throws.TypeOf<GraphException>()
            .With.Message.EqualTo("c cannot share the parameters of a: it needs 5×4, 5, 1, they are 4×4, 4, 1"));
        using var shared = new ParameterSet(Graph.Of(a.InnerProduct("d", 4, sharedWith: a)), device);
        Assert.That(shared.All.Select(p => p.Name), Is.EqualTo((string[])["a.weight", "a.bias", "a.scale"]));
    }
}
