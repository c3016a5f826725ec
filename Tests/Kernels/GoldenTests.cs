using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Kernels;

/// <summary>
/// Every layer against values recorded from Caffe. Recorded cases that lie outside what a net here can be:
/// concat_0 joins along the batch, which is never part of a shape; softmax_axis2 and ip_axis2_nobias work along the last axis of a value
/// without height and width of its own; scale_two multiplies by a value instead of a parameter; pool_max_mask has a second output, so its positions are checked through the gradient.
/// </summary>
public sealed class GoldenTests
{
    private static Node Input(string name, params int[] size) =>
        size.Length == 1 ? Node.Input(name, size[0]) : Node.Input(name, size[0], size[1], size[2]);

    public static IEnumerable<GoldenCase> Cases
    {
        get
        {
            yield return new("small_softmax", () => Small().SoftmaxLoss(Input("label", 1)));
            yield return new("small_sigmoidce", () => Small().SigmoidCrossEntropy(Input("target", 10), ignoreLabel: -1));
            foreach (GoldenCase c in Normalised.Concat(Pooled).Concat(Affine).Concat(Elementwise)) yield return c;
            foreach (GoldenCase c in SoftmaxLosses.Concat(SigmoidLosses)) yield return c;
            yield return new("multi_loss", MultiLoss) { Blobs = new Dictionary<string, string> { ["h"] = "f", ["o1"] = "l1f", ["h2"] = "f2", ["o2"] = "l2f" } };
        }
    }

    private static IEnumerable<GoldenCase> Normalised =>
    [
        Layer("lrn_across5", () => Input("x", 7, 3, 4).Lrn("y", alpha: 0.1f)),
        Layer("lrn_within", () => Input("x", 3, 5, 6).LrnWithin("y", size: 3, alpha: 0.8f)),
        Layer("lrn_within5", () => Input("x", 2, 6, 5).LrnWithin("y", alpha: 2, beta: 0.5f)),
        new("dropout_test", () => Input("x", 6).Dropout(0.4f)) { Blobs = new Dictionary<string, string> { ["y"] = "x/drop" }, Phase = Phase.Test },
        Layer("softmax_c", () => Input("x", 4, 2, 3).Softmax("y")),
    ];

    private static IEnumerable<GoldenCase> Pooled =>
    [
        Layer("pool_max_3s2_8x7", () => Input("x", 2, 8, 7).MaxPool("y", 3, stride: 2)),
        Layer("pool_max_3s2_6x9", () => Input("x", 2, 6, 9).MaxPool("y", 3, stride: 2)),
        Layer("pool_max_3s2p1_7x8", () => Input("x", 2, 7, 8).MaxPool("y", 3, stride: 2, pad: 1)),
        Layer("pool_max_2s2_5x6", () => Input("x", 2, 5, 6).MaxPool("y", 2, stride: 2)),
        Layer("pool_max_floor_3s2_8x7", () => new Node("y", new Pooling(PoolKind.Max, 3) { Stride = 2, Floor = true }, Input("x", 2, 8, 7))),
        Layer("pool_max_rect", () => Input("x", 2, 7, 9).MaxPool("y", new(2, 4), stride: new(2, 3), pad: new Extent(1, 2))),
        Layer("pool_ave_3s2_8x7", () => Input("x", 2, 8, 7).AveragePool("y", 3, stride: 2)),
        Layer("pool_ave_3s1p1_5x6", () => Input("x", 2, 5, 6).AveragePool("y", 3, stride: 1, pad: 1)),
        Layer("pool_ave_3s2p1_8x7", () => Input("x", 2, 8, 7).AveragePool("y", 3, stride: 2, pad: 1)),
        Layer("pool_ave_2s3p1_7x5", () => Input("x", 2, 7, 5).AveragePool("y", 2, stride: 3, pad: 1)),
        Layer("pool_ave_global", () => Input("x", 2, 4, 5).GlobalAveragePool("y")),
        Layer("pool_max_global", () => Input("x", 2, 4, 5).MaxPool("y", new(4, 5), stride: 1)),
        Layer("pool_max_ties", () => Input("x", 2, 6, 6).MaxPool("y", 3, stride: 2)),
    ];

    private static IEnumerable<GoldenCase> Affine =>
    [
        Affines("conv_basic", "c", () => Input("x", 3, 7, 8).Convolution("c", 4, 3, stride: 2, pad: 1)),
        Affines("conv_group2", "c", () => Input("x", 4, 6, 5).Convolution("c", 6, 3, pad: 1, groups: 2)),
        Affines("conv_group4_dw", "c", () => Input("x", 4, 6, 5).Convolution("c", 4, 3, groups: 4)),
        Affines("conv_dilated", "c", () => Input("x", 3, 9, 10).Convolution("c", 4, 3, pad: 2, dilation: 2)),
        Affines("conv_1x1", "c", () => Input("x", 5, 4, 3).Convolution("c", 3, 1)),
        Affines("conv_1x1s2", "c", () => Input("x", 5, 5, 4).Convolution("c", 3, 1, stride: 2)),
        Affines("conv_rect_nobias", "c", () => Input("x", 2, 6, 9).Convolution("c", 3, new(2, 5), stride: new Extent(1, 3), pad: new Extent(0, 2), bias: false)),
        Affines("conv_11s4", "c", () => Input("x", 3, 27, 27).Convolution("c", 4, 11, stride: 4)),
        Affines("ip_basic", "f", () => Input("x", 2, 3, 2).InnerProduct("f", 5)),
        Affines("ip_transpose", "f", () => Input("x", 6).InnerProduct("f", 4), transposed: true),
    ];

    private static IEnumerable<GoldenCase> Elementwise =>
    [
        new("act_relu", () => Input("x", 3, 2, 4).Relu()) { Blobs = Rectified },
        new("act_relu_leaky", () => Input("x", 3, 2, 4).Relu(0.1f)) { Blobs = Rectified },
        new("act_elu", () => Input("x", 3, 2, 4).Elu(0.7f)) { Blobs = new Dictionary<string, string> { ["y"] = "x/elu" } },
        new("act_tanh", () => Input("x", 3, 2, 4).Tanh()) { Blobs = new Dictionary<string, string> { ["y"] = "x/tanh" } },
        new("act_sigmoid", () => Input("x", 3, 2, 4).Sigmoid()) { Blobs = new Dictionary<string, string> { ["y"] = "x/sigmoid" } },
        new("act_sigmoid_extreme", Extreme) { Blobs = new Dictionary<string, string> { ["y"] = "x/sigmoid", ["z"] = "x/tanh" } },
        new("act_prelu", () => Input("x", 3, 2, 4).PRelu("a")) { Blobs = new Dictionary<string, string> { ["y"] = "a" } },
        new("act_prelu_shared", () => Input("x", 3, 2, 4).PRelu("a", shared: true)) { Blobs = new Dictionary<string, string> { ["y"] = "a" } },
        Layer("eltwise_sum", () => Node.Sum("y", Input("a", 3, 2, 2), Input("b", 3, 2, 2), Input("c", 3, 2, 2))),
        Layer("eltwise_prod", () => Node.Product("y", Input("a", 3, 2, 2), Input("b", 3, 2, 2), Input("c", 3, 2, 2))),
        Layer("eltwise_max", () => Node.Max("y", Input("a", 3, 2, 2), Input("b", 3, 2, 2), Input("c", 3, 2, 2))),
        new("scale_bias", () => Input("x", 3, 2, 2).Scale("e")) { Blobs = new Dictionary<string, string> { ["y"] = "e" } },
        Layer("loss_euclidean", () => Input("a", 2, 2, 1).EuclideanLoss(Input("b", 2, 2, 1))),
        Layer("loss_contrastive", () => Input("a", 3).ContrastiveLoss(Input("b", 3), Input("s", 1))),
        Layer("concat_c", () => Node.Concat("y", Input("a", 3, 2, 2), Input("b", 1, 2, 2))),
    ];

    private static IEnumerable<GoldenCase> SoftmaxLosses
    {
        get
        {
            static Node Flat(float weight = 1) => Input("x", 5).SoftmaxLoss(Input("label", 1), weight: weight);
            static Node Plane(LossNormalization by) => Input("x", 4, 3, 2).SoftmaxLoss(Input("label", 1, 3, 2), ignoreLabel: 255, normalization: by);
            return
            [
                Layer("loss_softmax_default", () => Flat()),
                Layer("loss_softmax_weight", () => Flat(weight: 0.3f)),
                Layer("loss_softmax_ignore_valid", () => Plane(LossNormalization.Valid)),
                Layer("loss_softmax_ignore_batch_size", () => Plane(LossNormalization.BatchSize)),
                Layer("loss_softmax_ignore_none", () => Plane(LossNormalization.None)),
                Layer("loss_softmax_normalize_false", () => Plane(LossNormalization.BatchSize)),
                Layer("loss_softmax_all_ignored", () => Input("x", 3).SoftmaxLoss(Input("label", 1), ignoreLabel: -1)),
            ];
        }
    }

    private static IEnumerable<GoldenCase> SigmoidLosses
    {
        get
        {
            static Node Loss(float weight = 1, float? ignore = null, LossNormalization by = LossNormalization.BatchSize) =>
                Input("x", 6).SigmoidCrossEntropy(Input("t", 6), weight: weight, ignoreLabel: ignore, normalization: by);
            return
            [
                Layer("loss_sigmoidce_default", () => Loss()),
                Layer("loss_sigmoidce_soft", () => Loss()),
                Layer("loss_sigmoidce_weight", () => Loss(weight: 2.5f)),
                Layer("loss_sigmoidce_ignore_valid", () => Loss(ignore: -1, by: LossNormalization.Valid)),
                Layer("loss_sigmoidce_ignore_full", () => Loss(ignore: -1, by: LossNormalization.Full)),
                Layer("loss_sigmoidce_ignore_batch_size", () => Loss(ignore: -1)),
                Layer("loss_sigmoidce_ignore_none", () => Loss(ignore: -1, by: LossNormalization.None)),
            ];
        }
    }

    // float64 against Caffe's float32: what is left is Caffe's own rounding.
    [Test]
    public void The_reference_agrees_with_caffe([ValueSource(nameof(Cases))] GoldenCase goldenCase, [Values] bool fuse) =>
        Compare(goldenCase, "reference", fuse, tolerance: 1e-6);

    // float32 on both sides, in another order of summation.
    [Test]
    public void The_cpu_agrees_with_caffe([ValueSource(nameof(Cases))] GoldenCase goldenCase, [Values] bool fuse) =>
        Compare(goldenCase, "cpu", fuse, tolerance: 1e-4);

    [Test]
    public void Maxima_lie_where_caffes_mask_says([Values("reference", "cpu")] string backend)
    {
        Golden golden = Golden.Open("pool_max_mask");
        Graph graph = Graph.Of(Input("x", 2, 5, 6).MaxPool("y", 3, stride: 2));
        Assert.That(golden.Shape("blob/y"), Is.EqualTo((int[])[1, 2, graph["y"].Shape.Height, graph["y"].Shape.Width]), "the recorded window");
        using Backend device = Backends.Open(backend);
        using var parameters = new ParameterSet(graph, device);
        using var net = new Net(parameters, 1, new() { InputGradients = true });
        net.Load(graph["x"], golden["in/x"]);
        net.Forward();
        Assert.That(net.Read(graph["y"]), Is.EqualTo(golden["blob/y"]));

        float[] mask = golden["blob/mask"], expected = new float[2 * 5 * 6];
        float[] seed = [.. mask.Select((_, i) => i + 1f)];
        for (int i = 0; i < mask.Length; i++) expected[i / graph["y"].Shape.Plane * 30 + (int)mask[i]] += seed[i];
        net.Backward(graph["y"], seed);
        Assert.That(net.ReadGradient(graph["x"]), Is.EqualTo(expected));
    }

    [Test]
    public void Dropout_scales_what_it_keeps_as_caffe_does([Values("reference", "cpu")] string backend)
    {
        Golden golden = Golden.Open("dropout_train");
        float[] x = golden["in/x"], seed = golden["topdiff/y"];
        Graph graph = Graph.Of(Input("x", 16).Dropout(0.4f));
        using Backend device = Backends.Open(backend);
        using var parameters = new ParameterSet(graph, device);
        using var net = new Net(parameters, 4, new() { InputGradients = true });
        net.Load(graph["x"], x);
        net.Forward();
        float[] y = net.Read(graph.Outputs[0]);
        net.Backward(graph.Outputs[0], seed);

        double Scale(float[] from, float[] to)
        {
            double[] kept = [.. from.Zip(to).Where(p => p.Second != 0).Select(p => (double)p.Second / p.First)];
            Assert.That(kept, Has.Length.InRange(1, from.Length - 1), "some are kept and some are dropped");
            Assert.That(kept, Is.All.EqualTo(kept[0]).Within(1e-6));
            return kept[0];
        }
        double caffe = Scale(golden["in/x"], golden["blob/y"]);
        Assert.That(Scale(x, y), Is.EqualTo(caffe).Within(1e-6));
        Assert.That(Scale(seed, net.ReadGradient(graph["x"])), Is.EqualTo(caffe).Within(1e-6));
        Assert.That(Scale(seed, golden["diff/x"]), Is.EqualTo(caffe).Within(1e-6));
        Assert.That(net.ReadGradient(graph["x"]).Select(g => g != 0), Is.EqualTo(y.Select(v => v != 0)), "the gradient uses the same mask");
    }

    private static void Compare(GoldenCase c, string backend, bool fuse, double tolerance)
    {
        Golden golden = Golden.Open(c.Name);
        using Backend device = Backends.Open(backend);
        GoldenRun run = GoldenRun.Of(c, golden, device, fuse);
        (string worst, double error) = run.Errors.MaxBy(e => e.Value);
        TestContext.Out.WriteLine($"{c.Name}: worst error {error:0.0e+00} in {worst}, {run.Errors.Count} tensors compared");
        Assert.That(run.Errors, Does.ContainKey($"blob/{golden.Under("blob").Last()}").And.Count.GreaterThan(1));
        foreach ((string name, double e) in run.Errors) Assert.That(e, Is.LessThanOrEqualTo(tolerance), name);
        if (!fuse) Assert.That(Recorded(golden), Is.SubsetOf(run.Errors.Keys), "every recorded tensor was compared");
    }

    // Labels have no gradient; copies of a split are compared as a sum.
    private static IEnumerable<string> Recorded(Golden golden) => golden.Names.Where(n =>
        n.StartsWith("blob/", StringComparison.Ordinal) || n.StartsWith("pdiff/", StringComparison.Ordinal)
        || (n.StartsWith("diff/", StringComparison.Ordinal) && !n.Contains("_split_", StringComparison.Ordinal) && n is not ("diff/label" or "diff/target" or "diff/t")));

    private static readonly Dictionary<string, string> Rectified = new() { ["y"] = "x/relu" };

    // A layer whose node is called after the blob that it writes.
    private static GoldenCase Layer(string name, Func<Node> output) => new(name, output);

    private static GoldenCase Affines(string name, string layer, Func<Node> output, bool transposed = false) =>
        new(name, output) { Blobs = new Dictionary<string, string> { ["y"] = layer }, Transposed = transposed };

    private static Node Small()
    {
        Node conv2 = Input("data", 3, 17, 19).Convolution("conv1", 8, 5, stride: 2).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1", alpha: 0.05f)
            .Convolution("conv2", 12, 3, pad: 1, groups: 2).Relu();
        return Node.Concat("cat",
            conv2.Convolution("br1", 6, 1).Relu(),
            conv2.AveragePool("br2_pool", 3, stride: 1, pad: 1).Convolution("br2", 4, 1)).InnerProduct("fc", 10);
    }

    private static IReadOnlyList<Node> Extreme()
    {
        Node x = Input("x", 8);
        return [x.Sigmoid(), x.Tanh()];
    }

    private static IReadOnlyList<Node> MultiLoss()
    {
        Node label = Input("label", 1), f = Input("x", 6).InnerProduct("f", 6), h = f.Relu();
        return
        [
            h.InnerProduct("l1f", 4).SoftmaxLoss(label, "loss1", weight: 0.3f),
            h.InnerProduct("f2", 6, sharedWith: f).InnerProduct("l2f", 4).SoftmaxLoss(label, "loss2"),
        ];
    }
}
