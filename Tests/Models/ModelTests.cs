using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class ModelTests
{
    private static (int Depth, int Parameters)[] Residual => [(20, 269_722), (32, 464_154), (44, 658_586), (56, 853_018), (110, 1_727_962)];

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
        new object[] { "cifar10_full", Graph.Of(Cifar10Full.Scores(10)), 89_578 },
        new object[] { "lenet", Graph.Of(LeNet.Scores(10)), 431_080 },
        new object[] { "fitnet4", Graph.Of(FitNet4.Scores(10)), 1_276_806 },
        new object[] { "fitnet4-maxout", Graph.Of(FitNet4.Scores(10, Activation.Maxout)), 2_742_102 },
        // One slope for each of 1,440 channels and 500 units.
        new object[] { "fitnet4-prelu", Graph.Of(FitNet4.Scores(10, Activation.PRelu)), 1_276_806 + 1_440 + 500 },
        new object[] { "fitnet-mnist", Graph.Of(FitNetMnist.Scores(10)), 21_426 },
        .. Residual.Select(n => new object[] { $"resnet{n.Depth}", Graph.Of(ResNet.Scores(n.Depth, 10)), n.Parameters }),
        .. Residual.Select(n => new object[] { $"plain{n.Depth}", Graph.Of(ResNet.Scores(n.Depth, 10, shortcuts: false)), n.Parameters }),
    ];

    [TestCaseSource(nameof(Counts))]
    public void Nets_have_the_published_number_of_parameters(string name, Graph graph, int parameters) =>
        Assert.That(graph.ParameterCount, Is.EqualTo(parameters), name);

    // The graph that a name leads to, beside the one that was counted.
    [Test]
    public void Nets_are_found_by_their_names([ValueSource(nameof(Names))] string name)
    {
        object[] counted = Counts.Cast<object[]>().First(c => (string)c[0] == name);
        Assert.That(Nets.Find(name).Graph().ParameterCount, Is.EqualTo(counted[2]));
        Assert.That(Nets.Find(name).TrainingGraph().Outputs, Has.Count.EqualTo(1));
    }

    private static IEnumerable<string> Names => Counts.Cast<object[]>().Select(c => (string)c[0]).Where(n => Nets.All.Any(a => a.Name == n) && n != "googlenet");

    [TestCase("fitnet4", typeof(Relu), 18)]
    [TestCase("fitnet4-maxout", typeof(Eltwise), 18)]
    [TestCase("fitnet4-vlrelu", typeof(Relu), 18)]
    [TestCase("fitnet4-prelu", typeof(PRelu), 18)]
    [TestCase("fitnet4-elu", typeof(Elu), 18)]
    [TestCase("fitnet4-tanh", typeof(Tanh), 18)]
    [TestCase("fitnet4-sigmoid", typeof(Sigmoid), 18)]
    public void FitNets_differ_in_their_activation(string name, Type activation, int count)
    {
        Graph graph = Nets.Find(name).Graph();
        Type[] activations = [typeof(Relu), typeof(Eltwise), typeof(PRelu), typeof(Elu), typeof(Tanh), typeof(Sigmoid)];
        Node[] found = [.. graph.Nodes.Where(n => activations.Contains(n.Layer.GetType()))];
        Assert.That(found, Has.Length.EqualTo(count));
        Assert.That(found.Select(n => n.Layer.GetType()), Is.All.EqualTo(activation));
        if (name == "fitnet4-vlrelu") Assert.That(found.Select(n => ((Relu)n.Layer).Slope), Is.All.EqualTo(0.333f));
    }

    // As the published definitions have it: cifar10_full's classifier is drawn to zero 250 times as hard; FitNets' biases learn at their weights' rate.
    [Test]
    public void Rates_and_decays_of_single_layers_are_the_published_ones()
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        using ParameterSet full = new(Nets.Find("cifar10_full").Graph(), backend), fit = new(Nets.Find("fitnet4-prelu").Graph(), backend);
        Assert.That(full.All.Where(p => p.Spec.IsLearned).Select(p => (p.Name, p.LearningRate, p.Decay)), Is.EqualTo(((string, float, float)[])
        [
            ("conv1.weight", 1, 1), ("conv1.bias", 2, 0), ("conv2.weight", 1, 1), ("conv2.bias", 2, 0), ("conv3.weight", 1, 1), ("conv3.bias", 2, 0),
            ("ip1.weight", 1, 250), ("ip1.bias", 2, 0),
        ]));
        foreach (Parameter p in fit.All.Where(p => p.Spec.IsLearned))
            Assert.That((p.LearningRate, p.Decay), Is.EqualTo((1, p.Spec.Name == "weight" ? 1 : 0)), p.Name);
        Assert.That(fit.All.Where(p => p.Spec.Name == "slope").SelectMany(p => p.Read()), Is.All.EqualTo(0.25f));
    }

    [Test]
    public void A_depth_that_no_residual_net_has_is_refused([Values(2, 18, 45)] int depth) =>
        Assert.That(() => ResNet.Scores(depth, 10), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains($"got {depth}"));

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
