using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

/// <summary>CaffeNet, GoogLeNet and VGG-16 at full size against Caffe: every value, every gradient, every parameter's gradient.</summary>
public sealed class GoldenNetTests
{
    private static readonly string[] Nets = ["caffenet", "googlenet", "vgg16"];

    // float32 against float32 through up to fifty layers.
    [Test]
    public void The_cpu_agrees_with_caffe([ValueSource(nameof(Nets))] string net, [Values] bool fuse) => Compare(net, "cpu", fuse, tolerance: 1e-4);

    [Test, Explicit("ten seconds each for CaffeNet and GoogLeNet, two minutes for VGG-16"), Category("Slow")]
    public void The_reference_agrees_with_caffe([ValueSource(nameof(Nets))] string net) => Compare(net, "reference", fuse: true, tolerance: 1e-5);

    private static void Compare(string name, string backend, bool fuse, double tolerance)
    {
        var golden = new GoldenNet(name);
        using Backend device = Backends.Open(backend);
        golden.Run(Build(name), device, fuse);
        (string worst, double error) = golden.Errors.MaxBy(e => e.Value);
        TestContext.Out.WriteLine($"{name} on {backend}{(fuse ? "" : ", unfused")}: worst error {error:0.0e+00} in {worst}, {golden.Errors.Count} tensors; "
            + $"forward {golden.Seconds.Forward:0.0} s, backward {golden.Seconds.Backward:0.0} s");
        foreach ((string tensor, double e) in golden.Errors.Where(e => e.Value > tolerance)) TestContext.Out.WriteLine($"  {tensor} {e:0.0e+00}");
        foreach (string group in (string[])["blobs", "diffs", "param_diffs"])
            Assert.That(golden.Errors.Keys.Count(k => k.StartsWith($"{group}/", StringComparison.Ordinal)), Is.EqualTo(golden.Count(group)), $"all {group} compared");
        foreach ((string tensor, double e) in golden.Errors) Assert.That(e, Is.LessThanOrEqualTo(tolerance), tensor);
    }

    private static Graph Build(string name)
    {
        Node label = Node.Input("label", 1);
        switch (name)
        {
            case "caffenet": return Graph.Of(CaffeNet.Scores(1000).SoftmaxLoss(label));
            case "vgg16": return Graph.Of(Vgg16.Scores(1000).SoftmaxLoss(label));
            default:
                GoogLeNet.Heads heads = GoogLeNet.Scores(1000);
                return Graph.Of(
                    heads.Auxiliary1.SoftmaxLoss(label, "loss1/loss1", weight: GoogLeNet.AuxiliaryLossWeight),
                    heads.Auxiliary2.SoftmaxLoss(label, "loss2/loss2", weight: GoogLeNet.AuxiliaryLossWeight),
                    heads.Main.SoftmaxLoss(label, "loss3/loss3"));
        }
    }
}
