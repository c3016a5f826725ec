using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class ModelTests
{
    private static readonly object[] Counts =
    [
        new object[] { "caffenet", Graph.Of(CaffeNet.Scores(1000)), 60_965_224 },
        new object[] { "caffenet, 20 classes", Graph.Of(CaffeNet.Scores(20)), 56_950_164 },
        new object[] { "alexnet", Graph.Of(AlexNet.Scores(1000)), 60_965_224 },
        new object[] { "vgg16", Graph.Of(Vgg16.Scores(1000)), 138_357_544 },
        new object[] { "vgg16, 20 classes", Graph.Of(Vgg16.Scores(20)), 134_342_484 },
        new object[] { "googlenet", Graph.Of(GoogLeNet.Scores(1000).Main), 6_998_552 },
        new object[] { "googlenet, 20 classes", Graph.Of(GoogLeNet.Scores(20).Main), 5_994_052 },
        new object[] { "googlenet with both heads", WithHeads(), 13_378_280 },
        new object[] { "cifar10_quick", Graph.Of(Cifar10Quick.Scores(10)), 145_578 },
        new object[] { "lenet", Graph.Of(LeNet.Scores(10)), 431_080 },
    ];

    [TestCaseSource(nameof(Counts))]
    public void Nets_have_the_published_number_of_parameters(string name, Graph graph, int parameters) =>
        Assert.That(graph.ParameterCount, Is.EqualTo(parameters), name);

    [Test]
    public void Multiply_adds_are_those_of_the_published_nets()
    {
        Assert.That(Graph.Of(CaffeNet.Scores(1000)).MultiplyAdds / 1e9, Is.EqualTo(0.724).Within(0.001));
        Assert.That(Graph.Of(Vgg16.Scores(1000)).MultiplyAdds / 1e9, Is.EqualTo(15.47).Within(0.01));
        Assert.That(Graph.Of(GoogLeNet.Scores(1000).Main).MultiplyAdds / 1e9, Is.EqualTo(1.583).Within(0.001));
    }

    [TestCase("caffenet", 60_965_224, new float[] { 1 })]
    [TestCase("googlenet", 13_378_280, new[] { 0.3f, 0.3f, 1 })]
    [TestCase("googlenet-aux", 13_378_280, new[] { 0.3f, 0.3f, 1 })]
    public void Nets_train_the_classifiers_that_were_published(string name, int parameters, float[] weights)
    {
        Graph trained = Nets.Find(name).TrainingGraph();
        Assert.That(trained.ParameterCount, Is.EqualTo(parameters));
        Assert.That(trained.Outputs.Select(o => ((SoftmaxLoss)o.Layer).Weight), Is.EqualTo(weights));
        Assert.That(Graph.Of(trained.Outputs[^1].Inputs[0]).ParameterCount, Is.EqualTo(Graph.Of(Nets.Find(name).Outputs(1000)[^1]).ParameterCount), "the main classifier is the last");
    }

    [Test]
    public void A_layer_alone_is_the_nets_own()
    {
        foreach (NetLayer layer in NetLayer.All)
        {
            Node own = Nets.Find(layer.Net).Graph()[layer.Layer], alone = layer.Graph().Outputs[0];
            Assert.That((alone.Name, alone.Layer, alone.Shape), Is.EqualTo((own.Name, own.Layer, own.Shape)), layer.ToString());
            Assert.That(layer.ForwardOperations, Is.EqualTo(2.0 * layer.Batch * own.MultiplyAdds));
        }
        Assert.That(NetLayer.All, Is.Unique);
        Assert.That(NetLayer.All.Where(l => l.IsFirst).Select(l => l.Layer), Is.EqualTo(new[] { "conv1", "conv1_1", "conv1/7x7_s2" }));
    }

    private static Graph WithHeads()
    {
        GoogLeNet.Heads heads = GoogLeNet.Scores(1000);
        return Graph.Of(heads.Main, heads.Auxiliary1, heads.Auxiliary2);
    }
}
