using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Layer-sequential unit variance: what it promises, and how its versions differ.</summary>
public sealed class LsuvTests
{
    private const int Images = 24;

    private static string[] Methods => [.. InitMethods.Lsuv];

    [Test]
    public void Every_layers_variance_is_within_the_tolerance_and_a_second_run_changes_nothing([ValueSource(nameof(Methods))] string method, [Values("reference", "cpu")] string device)
    {
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(InitNets.Named("heads"), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        new MsraInit().Apply(parameters, seed: 1);
        // Other masks at each measurement give another variance at each.
        LsuvInit init = InitMethods.LsuvInit(method) with { Phase = Phase.Test };
        LsuvReport report = init.Apply(parameters, images, Images, seed: 1);
        Assert.That(report.Layers.Select(l => l.Layer), Is.EqualTo(parameters.Graph.Affine.Select(n => n.Name)));
        foreach ((Node node, double[] output) in Measured.AffineOutputs(parameters, images, Images))
        {
            double mean = output.Average(), variance = output.Average(v => (v - mean) * (v - mean));
            double statistic = init.ByDeviation ? Math.Sqrt(variance) : variance;
            Assert.That(Math.Abs(statistic - 1), Is.LessThanOrEqualTo(init.Tolerance + 1e-3), node.Name);
            Assert.That(report.Layers.Single(l => l.Layer == node.Name).Variance, Is.EqualTo(variance).Within(1e-3), $"what the report says of {node.Name}");
        }
        float[][] weights = [.. parameters.All.Select(p => p.Read())];
        Assert.That(init.Apply(parameters, images, Images, seed: 2).Updates, Is.Zero);
        Assert.That(parameters.All.Select(p => p.Read()), Is.EqualTo(weights));
    }

    [Test]
    public void On_fixed_images_one_update_is_exact()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Named("chain"), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        new OrthonormalInit().Apply(parameters, seed: 1);
        LsuvReport report = new LsuvInit().Apply(parameters, images, Images, seed: 1);
        Assert.That(report.Layers.Select(l => l.Updates), Is.All.LessThanOrEqualTo(1));
        Assert.That(report.Updates, Is.GreaterThan(0));
        Assert.That(report.Layers.Where(l => l.Updates == 1).Select(l => l.Variance), Is.All.EqualTo(1).Within(1e-4));
    }

    [Test]
    public void The_scripts_way_sees_other_masks_and_other_images()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        Graph graph = Graph.Of(Node.Input("data", 3, 12, 12).Convolution("a", 8, kernel: 3).Relu().Dropout(0.5f).InnerProduct("b", 6));
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        new MsraInit().Apply(parameters, seed: 1);
        LsuvReport report = LsuvInit.Script(batch: 6).Apply(parameters, images, Images, seed: 1);
        Assert.That(report.Layers.Single(l => l.Layer == "b").Updates, Is.InRange(1, 21), "six images and half of the values say little of the next six");
        using var fixedParameters = new ParameterSet(graph, backend);
        new MsraInit().Apply(fixedParameters, seed: 1);
        _ = new LsuvInit().Apply(fixedParameters, images, Images, seed: 1);
        Assert.That(fixedParameters["b.weight"].Read(), Is.Not.EqualTo(parameters["b.weight"].Read()));
    }

    [Test]
    public void Biases_are_centred_where_asked_and_else_left()
    {
        using Backend backend = Backends.Open("reference");
        Graph graph = Graph.Of(Node.Input("data", 2, 6, 6).Convolution("a", 4, kernel: 3).Relu().InnerProduct("b", 5));
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        new MsraInit().Apply(parameters, seed: 1);
        parameters["b.bias"].Fill(0.25f);
        _ = new LsuvInit().Apply(parameters, images, Images, seed: 1);
        Assert.That(parameters["b.bias"].Read(), Is.All.EqualTo(0.25f));
        parameters["b.weight"].Multiply(3);
        _ = LsuvInit.PyTorch.Apply(parameters, images, Images, seed: 1);
        // One update takes the mean away that the biases had no part in before: what stays is their own.
        Assert.That(parameters["b.bias"].Read(), Is.All.Not.EqualTo(0.25f));
    }

    [Test]
    public void A_constant_layer_is_told_and_left()
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        Graph graph = Graph.Of(Node.Input("data", 3, 4, 4).Convolution("a", 4, kernel: 3).Relu().InnerProduct("b", 2));
        using var parameters = new ParameterSet(graph, backend);
        new MsraInit().Apply(parameters, seed: 1);
        LsuvReport report = new LsuvInit().Apply(parameters, new float[4 * 48], 4, seed: 1);
        Assert.That(report.Notes.Select(n => (n.Layer, n.Kind)), Is.EqualTo(new[] { ("a", "constant-layer"), ("b", "constant-layer") }));
        Assert.That(parameters.All.SelectMany(p => p.Read()), Is.All.Matches<float>(float.IsFinite));
    }
}
