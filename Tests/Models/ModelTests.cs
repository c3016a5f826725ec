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

    private static Graph WithHeads()
    {
        GoogLeNet.Heads heads = GoogLeNet.Scores(1000);
        return Graph.Of(heads.Main, heads.Auxiliary1, heads.Auxiliary2);
    }
}
