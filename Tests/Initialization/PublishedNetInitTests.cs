using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

/// <summary>The promise on the nets and the kind of pictures that it is for: 160 photographs to initialize, 100 others to look again.</summary>
public sealed class PublishedNetInitTests
{
    private const int Used = 160, Others = 100;

    [Test]
    public void CaffeNet_learns_evenly_from_k_means_on_photographs() => Initialize("caffenet", "kmeans");

    [Test, Explicit("Minutes, and gigabytes of memory."), Category("Slow")]
    public void The_other_nets_learn_evenly_too(
        [Values("vgg16", "googlenet", "googlenet-aux")] string net, [Values("gaussian", "kmeans")] string method) => Initialize(net, method);

    private static void Initialize(string name, string method)
    {
        NetInfo net = Nets.Find(name);
        string folder = SharedData.Require("data", "voc-mini", "VOCdevkit");
        float[] images = Photographs(folder, "train", net, Used), others = Photographs(folder, "val", net, Others);
        using Backend backend = Backends.Open("cpu");
        using var parameters = new ParameterSet(net.Graph(), backend);
        InitReport report = Initializer.Run(parameters, images, Used, new InitOptions { Method = method, Elements = false });
        ChangeRateReport again = new ChangeRates { Elements = false }.Measure(parameters, others, Others, seed: 2);

        double mean = report.Within!.Layers.Max(l => l.WorstMean), deviation = report.Within.Layers.Max(l => l.WorstDeviation);
        TestContext.Out.WriteLine(
            $"{name}, {method}: flatness {report.Rates.Flatness:F3}, on other images {again.Flatness:F3}; function change {report.FunctionChange:E1}; "
            + $"worst mean {mean:E1}, worst deviation {deviation:E1}; {string.Join(", ", report.Times.Select(t => $"{t.Stage} {t.Seconds:F1} s"))}");
        foreach (InitNote note in report.Notes) TestContext.Out.WriteLine(note);
        Assert.Multiple(() =>
        {
            Assert.That(report.Within.Layers.Select(l => l.Layer), Is.EqualTo(parameters.Graph.Affine.Select(n => n.Name)));
            foreach (WithinLayer layer in report.Within.Layers.Where(l => parameters.Graph[l.Layer].Layer is Convolution)) Assert.That(layer.Method, Is.EqualTo(method), layer.Layer);
            Assert.That(mean, Is.LessThan(1e-3));
            Assert.That(deviation, Is.LessThan(1e-3));
            Assert.That(report.FunctionChange, Is.LessThan(1e-3));
            Assert.That(report.Rates.Flatness, Is.LessThan(1.2));
            Assert.That(again.Flatness, Is.LessThan(1.35));
            // Scale layers leave every output as the within-layer step made it.
            Assert.That(report.Rates.Layers.Select(l => l.OutputMean), Is.All.EqualTo(0.1).Within(1e-3));
            Assert.That(report.Rates.Layers.Select(l => l.OutputStd), Is.All.EqualTo(1).Within(1e-3));
            Assert.That(Measured.IsFinite(parameters));
        });
    }

    private static float[] Photographs(string folder, string split, NetInfo net, int count)
    {
        using JpegDecoder jpeg = JpegTests.Require();
        var transform = new ImageTransform(net.Graph()["data"].Shape) { Mean = new BgrMean(net.Mean.Blue, net.Mean.Green, net.Mean.Red) };
        LoadedImages loaded = new ImageLoader(new ImageFiles(jpeg), transform).Load(ImageSource.Voc(folder, split).Sample(count));
        Assert.That((loaded.Distinct, loaded.Skipped.Count), Is.EqualTo((count, 0)));
        return loaded.Batch.Data;
    }
}
