using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests.Interop;

public sealed class NormalizationFoldingTests
{
    private static void Fill(ParameterSet parameters)
    {
        var random = new Random(6);
        foreach (Parameter p in parameters.All)
        {
            double[] values = Sample.Normal(random, p.Count);
            if (p.Node.Layer is BatchNorm) values = p.Spec.Name == "count" ? [3.5] : [.. values.Select(v => 0.4 + v * v)];
            if (p.Node.Layer is IAffine && p.Spec.Name == "weight") values = [.. values.Select(v => v / Math.Sqrt(p.FanIn))];
            if (p.Node.Layer is IAffine && p.Spec.Name == "scale") values = [0.7];
            p.Write(values);
        }
    }

    private static double[] Run(ParameterSet parameters, int batch)
    {
        using var net = new Net(parameters, batch, new() { Backward = false });
        Node input = parameters.Graph.Nodes.Single(n => n.Layer is Input);
        net.Load(input, [.. Sample.Normal(new Random(2), batch * input.Shape.Count).Select(v => (float)v)]);
        net.Forward(Phase.Test);
        return [.. parameters.Graph.Outputs.SelectMany(o => net[o].ReadExact())];
    }

    private static Graph Mixed()
    {
        Node x = Node.Input("data", 3, 9, 8);
        Node a = x.Convolution("a", 6, 3, pad: 1, bias: false).BatchNorm("a/bn").Scale("a/scale").Relu().Convolution("grouped", 6, 3, groups: 2).Scale("grouped/scale", bias: false).Bias("grouped/bias");
        // Two readers, and a layer that another shares: these stay.
        Node read = a.Convolution("read", 6, 1), shared = read.BatchNorm("read/bn").Convolution("shared", 6, 1), again = new Node("again", new Convolution(6, 1) { SharedWith = shared }, shared.BatchNorm("shared/bn"));
        Node sum = Node.Sum("sum", read, again);
        return Graph.Of(sum.Tanh().InnerProduct("fc", 5).Power("fc/power", factor: 1.7f, shift: 0.3f), sum.Power("square", exponent: 2));
    }

    [Test]
    public void The_function_stays_and_the_layers_go()
    {
        using Backend reference = Backends.Open("reference");
        using var parameters = new ParameterSet(Mixed(), reference);
        Fill(parameters);
        using var folding = new NormalizationFolding(parameters);
        Assert.That(folding.Folded, Is.EqualTo((string[])["a/bn", "a/scale", "grouped/scale", "grouped/bias", "fc/power"]));
        Assert.That(folding.Parameters.Graph.Nodes.Select(n => n.Name), Is.EqualTo(parameters.Graph.Nodes.Select(n => n.Name).Except(folding.Folded)));
        Assert.That(Sample.RelativeError(Run(parameters, 3), Run(folding.Parameters, 3)), Is.LessThan(1e-6), "weights are rounded to floats once");
    }

    [Test]
    public void A_residual_net_loses_all_of_its_normalizations()
    {
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(Nets.Find("resnet20").Graph(), cpu);
        Fill(parameters);
        using var folding = new NormalizationFolding(parameters);
        Assert.That(folding.Parameters.Graph.Nodes.Count(n => n.Layer is BatchNorm or Scale), Is.Zero);
        Assert.That(Sample.RelativeError(Run(parameters, 2), Run(folding.Parameters, 2)), Is.LessThan(1e-4));
    }

    [Test]
    public void A_net_without_any_is_told()
    {
        using Backend reference = Backends.Open("reference");
        using var parameters = new ParameterSet(Nets.Find("lenet").Graph(), reference);
        Assert.That(() => new NormalizationFolding(parameters), Throws.TypeOf<GraphException>().With.Message.Contains("nothing can be folded"));
    }
}
