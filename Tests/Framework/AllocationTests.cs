using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

[NonParallelizable]
public sealed class AllocationTests
{
    // Whatever a kernel may do, the loop around it allocates nothing.
    [Test]
    public void A_pass_allocates_nothing_by_itself([Values] LayoutKind layout, [Values] bool timed)
    {
        using var backend = new EmptyBackend(layout);
        var graph = Graph.Of(Every.Inception(classes: 5));
        using var parameters = new ParameterSet(graph, backend);
        using var net = new Net(parameters, batch: 2, new() { Times = timed });
        Node node = graph["b/output"];
        Assert.That(AllocatedBytes(() =>
        {
            net.Forward();
            net.Forward(node, Phase.Test);
            net.Backward();
            net.ForwardThrough(node, Phase.Test);
        }), Is.Zero);
    }

    [Test]
    public void A_plan_without_a_gradient_for_some_inputs_allocates_nothing_either()
    {
        using var backend = new EmptyBackend(LayoutKind.Blocked);
        Node label = Node.Input("label", 1), data = Node.Input("data", 3, 5, 5);
        var graph = Graph.Of(data.Lrn("norm").MaxPool("pool", 3, stride: 2).InnerProduct("f", 4).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, backend);
        using var net = new Net(parameters, batch: 2);
        Assert.That(AllocatedBytes(() =>
        {
            net.Forward();
            net.Backward();
        }), Is.Zero);
    }

    [Test]
    public void A_step_on_the_cpu_allocates_nothing([Values(1, 2)] int threads)
    {
        using Backend backend = Backends.Open("cpu", threads);
        Node label = Node.Input("label", 1);
        var graph = Graph.Of(Node.Input("data", 3, 19, 19)
            .Convolution("conv1", 32, 5, stride: 2).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1")
            .Convolution("conv2", 16, 3, pad: 1, groups: 2).BatchNorm("norm2").Scale("scale2").Relu()
            .InnerProduct("fc3", 20).Relu().Dropout().InnerProduct("fc4", 5).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, backend);
        using var net = new Net(parameters, batch: 4);
        string[] slow = [.. net.Report.Lines.Where(l => l.Kernel.StartsWith("reference", StringComparison.Ordinal)).Select(l => l.Kernel).Distinct()];
        if (slow.Length > 0) Assert.Ignore($"the cpu backend has no kernels of its own yet for {string.Join(", ", slow)}");
        Assert.That(AllocatedBytes(() => net.Forward()), Is.Zero, "forward");
        Assert.That(AllocatedBytes(() => { net.Forward(); net.Backward(); }), Is.Zero, "backward");
        Schedule rate = Schedule.Cosine(0.01f, iterations: 100).WarmUp(5);
        foreach (Solver solver in (Solver[])[
            new SgdSolver(parameters) { Rate = rate }, new SgdSolver(parameters) { Rate = rate, Nesterov = true, ClipNorm = 1 },
            new AdamSolver(parameters) { Rate = rate }, new RmsPropSolver(parameters) { Rate = rate }])
        {
            Assert.That(AllocatedBytes(solver.Step), Is.Zero, $"{solver}");
            Assert.That(AllocatedBytes(() => { net.Forward(); solver.Step(net); }), Is.Zero, $"{solver} while backward");
            solver.Dispose();
        }
    }

    // On all threads; the first calls compile and set up what is set up once.
    private static long AllocatedBytes(Action action)
    {
        for (int i = 0; i < 40; i++) action();
        long least = long.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            action();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }
}
