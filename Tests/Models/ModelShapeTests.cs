using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class ModelShapeTests
{
    private static readonly GoogLeNet.Heads Heads = GoogLeNet.Scores(1000);
    private static readonly Graph GoogLeNetGraph = Graph.Of(Heads.Main, Heads.Auxiliary1, Heads.Auxiliary2);

    [TestCase("conv1 96×55×55, pool1 96×27×27, norm1 96×27×27, conv2 256×27×27, pool2 256×13×13, norm2 256×13×13, conv3 384×13×13, "
        + "conv4 384×13×13, conv5 256×13×13, pool5 256×6×6, fc6 4096, fc7 4096, fc8 1000")]
    public void CaffeNet_has_the_published_shapes(string expected) => Check(Graph.Of(CaffeNet.Scores(1000)), expected);

    [TestCase("conv1 96×55×55, norm1 96×55×55, pool1 96×27×27, conv2 256×27×27, norm2 256×27×27, pool2 256×13×13, conv3 384×13×13, "
        + "conv4 384×13×13, conv5 256×13×13, pool5 256×6×6, fc6 4096, fc7 4096, fc8 20")]
    public void AlexNet_has_the_published_shapes(string expected) => Check(Graph.Of(AlexNet.Scores(20)), expected);

    [TestCase("conv1_1 64×224×224, conv1_2 64×224×224, pool1 64×112×112, conv2_1 128×112×112, conv2_2 128×112×112, pool2 128×56×56, "
        + "conv3_1 256×56×56, conv3_2 256×56×56, conv3_3 256×56×56, pool3 256×28×28, conv4_1 512×28×28, conv4_2 512×28×28, conv4_3 512×28×28, "
        + "pool4 512×14×14, conv5_1 512×14×14, conv5_2 512×14×14, conv5_3 512×14×14, pool5 512×7×7, fc6 4096, fc7 4096, fc8 1000")]
    public void Vgg16_has_the_published_shapes(string expected) => Check(Graph.Of(Vgg16.Scores(1000)), expected);

    [TestCase("conv1/7x7_s2 64×112×112, pool1/3x3_s2 64×56×56, pool1/norm1 64×56×56, conv2/3x3_reduce 64×56×56, conv2/3x3 192×56×56, "
        + "conv2/norm2 192×56×56, pool2/3x3_s2 192×28×28, pool3/3x3_s2 480×14×14, pool4/3x3_s2 832×7×7, pool5/7x7_s1 1024, loss3/classifier 1000, "
        + "loss1/ave_pool 512×4×4, loss1/conv 128×4×4, loss1/fc 1024, loss1/classifier 1000, loss2/ave_pool 528×4×4, loss2/conv 128×4×4, "
        + "loss2/fc 1024, loss2/classifier 1000")]
    public void GoogLeNet_has_the_published_shapes(string expected)
    {
        foreach (string item in expected.Split(", ")) Assert.That(GoogLeNetGraph[item.Split(' ')[0]].ToString(), Is.EqualTo(item));
    }

    // Module, plane and the channels of: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection, all together.
    [TestCase("3a", 28, 64, 96, 128, 16, 32, 32, 256)]
    [TestCase("3b", 28, 128, 128, 192, 32, 96, 64, 480)]
    [TestCase("4a", 14, 192, 96, 208, 16, 48, 64, 512)]
    [TestCase("4b", 14, 160, 112, 224, 24, 64, 64, 512)]
    [TestCase("4c", 14, 128, 128, 256, 24, 64, 64, 512)]
    [TestCase("4d", 14, 112, 144, 288, 32, 64, 64, 528)]
    [TestCase("4e", 14, 256, 160, 320, 32, 128, 128, 832)]
    [TestCase("5a", 7, 256, 160, 320, 32, 128, 128, 832)]
    [TestCase("5b", 7, 384, 192, 384, 48, 128, 128, 1024)]
    public void Inception_modules_have_the_published_shapes(string module, int plane, int c1, int r3, int c3, int r5, int c5, int pool, int all)
    {
        (string Part, int Channels)[] parts = [("1x1", c1), ("3x3_reduce", r3), ("3x3", c3), ("5x5_reduce", r5), ("5x5", c5), ("pool_proj", pool), ("output", all)];
        foreach ((string part, int channels) in parts)
            Assert.That(GoogLeNetGraph[$"inception_{module}/{part}"].Shape, Is.EqualTo(new Shape(channels, plane, plane)), part);
        Assert.That(GoogLeNetGraph[$"inception_{module}/output"].Inputs.Select(i => i.Name), Is.EqualTo(
            ((string[])["1x1", "3x3", "5x5", "pool_proj"]).Select(p => $"inception_{module}/{p}/relu")), "order of the parts");
    }

    [Test]
    public void Rectifiers_and_dropout_stand_where_the_published_nets_have_them()
    {
        var caffeNet = Graph.Of(CaffeNet.Scores(1000));
        Assert.That(caffeNet.Nodes.Where(n => n.Layer is Relu).Select(n => n.Inputs[0].Name),
            Is.EqualTo((string[])["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"]));
        Assert.That(caffeNet.Nodes.Where(n => n.Layer is Dropout).Select(n => n.ToString()), Is.EqualTo((string[])["fc6/relu/drop 4096", "fc7/relu/drop 4096"]));
        Assert.That(GoogLeNetGraph.Nodes.Count(n => n.Layer is Relu), Is.EqualTo(57 + 4));
        Assert.That(GoogLeNetGraph.Nodes.Where(n => n.Layer is Dropout).Select(n => ((Dropout)n.Layer).Rate), Is.EquivalentTo((float[])[0.4f, 0.7f, 0.7f]));
    }

    [TestCase("conv1 32×32×32, pool1 32×16×16, norm1 32×16×16, conv2 32×16×16, pool2 32×8×8, norm2 32×8×8, conv3 64×8×8, pool3 64×4×4, ip1 10")]
    public void Cifar10_full_has_the_published_shapes(string expected) => Check(Graph.Of(Cifar10Full.Scores(10)), expected);

    [TestCase("conv1_1 32×32×32, conv1_2 32×32×32, conv1_3 32×32×32, conv1_4 48×32×32, conv1_5 48×32×32, pool1 48×16×16, "
        + "conv2_1 80×16×16, conv2_2 80×16×16, conv2_3 80×16×16, conv2_4 80×16×16, conv2_5 80×16×16, conv2_6 80×16×16, pool2 80×8×8, "
        + "conv3_1 128×8×8, conv3_2 128×8×8, conv3_3 128×8×8, conv3_4 128×8×8, conv3_5 128×8×8, conv3_6 128×8×8, pool3 128, fc4 500, fc5 10")]
    public void FitNet4_has_the_published_shapes(string expected)
    {
        var graph = Graph.Of(FitNet4.Scores(10));
        Check(graph, expected);
        Assert.That(graph.Nodes.Where(n => n.Layer is Dropout).Select(n => $"{n.Name} {((Dropout)n.Layer).Rate}"),
            Is.EqualTo((string[])["data/drop 0.2", "pool1/drop 0.2", "pool2/drop 0.2", "pool3/drop 0.2", "fc4/relu/drop 0.2"]));
        var maxout = Graph.Of(FitNet4.Scores(10, Activation.Maxout));
        Assert.That(maxout["fc4"].Inputs.Select(i => i.ToString()), Is.EqualTo((string[])["fc4/1 500", "fc4/2 500", "fc4/3 500", "fc4/4 500", "fc4/5 500"]));
        Assert.That(maxout["conv3_6"].Inputs.Select(i => i.ToString()), Is.EqualTo((string[])["conv3_6/1 128×8×8", "conv3_6/2 128×8×8"]));
    }

    [Test]
    public void The_FitNet_for_digits_has_the_published_shapes()
    {
        var graph = Graph.Of(FitNetMnist.Scores(10));
        Assert.That(string.Join(", ", graph.Nodes.Where(n => n.Layer is Eltwise or Pooling or Dropout || n.Name == "fc4").Select(n => n.ToString())), Is.EqualTo(
            "conv1_1 16×28×28, conv1_2 16×28×28, pool1 16×13×13, conv2_1 16×13×13, conv2_2 16×13×13, pool2 16×6×6, conv3_1 12×6×6, conv3_2 12×6×6, pool3 12×3×3, "
            + "pool3/drop 12×3×3, fc4 10"));
    }

    [Test]
    public void Residual_and_plain_nets_have_the_published_shapes([Values(20, 110)] int depth, [Values] bool shortcuts)
    {
        var graph = Graph.Of(ResNet.Scores(depth, 10, shortcuts));
        int blocks = (depth - 2) / 6;
        Assert.That(graph.Affine.Count(), Is.EqualTo(depth));
        Assert.That(graph.Nodes.Count(n => n.Layer is Relu), Is.EqualTo(depth - 1));
        Assert.That(graph.Nodes.Count(n => n.Layer is BatchNorm), Is.EqualTo(depth - 1));
        Assert.That(graph.Nodes.Count(n => n.Layer is Eltwise), Is.EqualTo(shortcuts ? 3 * blocks : 0));
        Assert.That(graph.Nodes.Where(n => n.Layer is ChannelPad).Select(n => n.ToString()), Is.EqualTo(shortcuts ? (string[])["stage2/block1/pad 32×16×16", "stage3/block1/pad 64×8×8"] : []));
        foreach ((int stage, Shape shape) in ((int, Shape)[])[(1, new(16, 32, 32)), (2, new(32, 16, 16)), (3, new(64, 8, 8))])
            for (int block = 1; block <= blocks; block++)
                foreach (string name in (string[])["conv1", "conv2"]) Assert.That(graph[$"stage{stage}/block{block}/{name}"].Shape, Is.EqualTo(shape));
        Assert.That((graph["conv1"].Shape, graph["pool"].Shape, graph["fc"].Shape), Is.EqualTo((new Shape(16, 32, 32), new Shape(64), new Shape(10))));
    }

    // Everything but rectifiers, dropout and the data, in graph order.
    private static void Check(Graph graph, string expected) => Assert.That(
        string.Join(", ", graph.Nodes.Where(n => n.Layer is not (Relu or Dropout or Input)).Select(n => n.ToString())), Is.EqualTo(expected));
}
