using EvenNet.Framework;
using EvenNet.Kernels.Cpu;
using EvenNet.Models;

namespace EvenNet.Tests.Kernels;

public sealed class CpuPlanTests
{
    private static readonly string[] Nets = ["caffenet", "alexnet", "vgg16", "googlenet"];

    [Test]
    public void No_layer_of_the_published_nets_falls_back_to_the_reference(
        [ValueSource(nameof(Nets))] string net, [Values(1, 32)] int batch, [Values] bool fuse, [Values] bool backward)
    {
        using var cpu = new CpuBackend(1);
        PlanReport report = PlanReport.Of(Training(net), cpu, batch, new() { Fuse = fuse, Backward = backward });
        Assert.That(report.Lines.Where(l => !l.Kernel.StartsWith("cpu.", StringComparison.Ordinal)), Is.Empty, report.Describe("cpu"));
    }

    // Blocks of sixteen channels from the first convolution to the first inner product: values are reordered in between only.
    [Test]
    public void Values_are_reordered_only_where_a_plane_becomes_a_row([ValueSource(nameof(Nets))] string net)
    {
        using var cpu = new CpuBackend(1);
        PlanReport report = PlanReport.Of(Training(net), cpu, batch: 8);
        IEnumerable<string> reordered = report.Lines.Where(l => l.Kernel == "cpu.reorder").Select(l => l.Node);
        string[] expected = net switch
        {
            "googlenet" => ["loss1/fc/relu", "loss2/fc/relu", "pool5/7x7_s1/drop"],
            _ => ["fc6/relu"],
        };
        Assert.That(reordered, Is.EquivalentTo(expected), report.Describe("cpu"));
    }

    private static Graph Training(string net)
    {
        Node label = Node.Input("label", 1);
        if (net == "googlenet")
        {
            GoogLeNet.Heads heads = GoogLeNet.Scores(1000);
            return Graph.Of(
                heads.Main.SoftmaxLoss(label), heads.Auxiliary1.SoftmaxLoss(label, "loss1", GoogLeNet.AuxiliaryLossWeight),
                heads.Auxiliary2.SoftmaxLoss(label, "loss2", GoogLeNet.AuxiliaryLossWeight));
        }
        Node scores = net switch
        {
            "caffenet" => CaffeNet.Scores(1000),
            "alexnet" => AlexNet.Scores(1000),
            _ => Vgg16.Scores(1000),
        };
        return Graph.Of(scores.SoftmaxLoss(label));
    }
}
