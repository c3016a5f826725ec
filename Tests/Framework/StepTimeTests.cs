using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class StepTimeTests
{
    private static Graph SmallNet() => Graph.Of(Node.Input("data", 3, 9, 9)
        .Convolution("conv1", 32, 3, pad: 1).Relu().Lrn("norm1").Convolution("conv2", 16, 1).Relu().InnerProduct("fc3", 5).SoftmaxLoss(Node.Input("label", 1)));

    [Test]
    public void Every_step_has_a_line_with_reorders_and_without_fused_rectifiers()
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        using var parameters = new ParameterSet(SmallNet(), backend);
        using var net = new Net(parameters, batch: 2, new() { Times = true });
        net.Forward();
        net.Backward();
        Assert.That(net.Times.Select(t => t.Kernel), Is.EqualTo(net.Report.Lines.Select(l => l.Kernel)));
        Assert.That(net.Times.Where(t => !t.Kernel.Contains("reorder")).Select(t => t.Node), Is.EqualTo(new[] { "conv1", "norm1", "conv2", "fc3", "loss" }));
        Assert.That(net.Times.Single(t => t.Kernel.Contains("reorder")).Node, Is.EqualTo("conv2/relu"), "blocked values are made plain for the inner product");
        Assert.That(net.Times.Select(t => t.Forward.Seconds), Has.All.Positive);
        Assert.That(net.Times.Select(t => t.Backward.Seconds), Has.All.Positive);
    }

    [Test]
    public void A_step_pays_for_itself_alone()
    {
        using var backend = new EmptyBackend();
        using var parameters = new ParameterSet(SmallNet(), backend);
        using var net = new Net(parameters, batch: 2, new() { Times = true });
        TimeSpan most = TimeSpan.FromMilliseconds(2);
        backend.OnRun = what =>
        {
            if (what.StartsWith("forward Lrn", StringComparison.Ordinal) || what.StartsWith("backward Convolution 16", StringComparison.Ordinal))
                for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < most;) { }
        };
        // The least of some passes: the system may interrupt any of them.
        var forward = new Dictionary<string, double>();
        var backward = new Dictionary<string, double>();
        for (int i = 0; i < 5; i++)
        {
            net.Forward();
            net.Backward();
            foreach (StepTime t in net.Times)
            {
                forward[t.Node] = Math.Min(forward.GetValueOrDefault(t.Node, double.MaxValue), t.Forward.Seconds);
                backward[t.Node] = Math.Min(backward.GetValueOrDefault(t.Node, double.MaxValue), t.Backward.Seconds);
            }
        }
        Assert.That(forward.Where(f => f.Value >= most.TotalSeconds).Select(f => f.Key), Is.EqualTo(new[] { "norm1" }));
        Assert.That(backward.Where(b => b.Value >= most.TotalSeconds).Select(b => b.Key), Is.EqualTo(new[] { "conv2" }));
    }

    [Test]
    public void The_device_is_waited_for_around_each_step_and_only_when_timed()
    {
        using var backend = new EmptyBackend();
        using var parameters = new ParameterSet(SmallNet(), backend);
        using var plain = new Net(parameters, batch: 2);
        plain.Forward();
        plain.Backward();
        Assert.That(backend.Waits, Is.Zero);
        Assert.That(() => plain.Times, Throws.InvalidOperationException.With.Message.Contains("NetOptions.Times"));
        using var timed = new Net(parameters, batch: 2, new() { Times = true });
        timed.Forward();
        Assert.That(backend.Waits, Is.EqualTo(2 * timed.Times.Count));
    }

    [Test]
    public void Work_is_counted_by_what_the_plan_runs()
    {
        using var backend = new EmptyBackend();
        using var parameters = new ParameterSet(SmallNet(), backend);
        using var net = new Net(parameters, batch: 2, new() { Times = true });
        using var data = new Net(parameters, batch: 2, new() { Times = true, InputGradients = true, ParameterGradients = _ => false });
        PassTime Find(Net n, string node, bool backward) => n.Times.Single(t => t.Node == node) is var t && backward ? t.Backward : t.Forward;

        // conv1: 32 outputs of 27 products at 81 places, twice; 3×81 values come, 32×81 go; 32·27 weights, 32 biases and a scale.
        const long multiplyAdds = 2 * 32 * 27 * 81, input = 2 * 3 * 81, output = 2 * 32 * 81, weights = 32 * 27 + 32 + 1;
        PassTime forward = Find(net, "conv1", backward: false);
        Assert.That(forward.MultiplyAdds, Is.EqualTo(multiplyAdds));
        Assert.That(forward.Operations, Is.EqualTo(2.0 * multiplyAdds));
        Assert.That(forward.Bytes, Is.EqualTo(4 * (input + output + weights)));
        // The data's gradient is not wanted: weights' gradients alone, from the output's gradient and the input.
        PassTime backward = Find(net, "conv1", backward: true);
        Assert.That(backward.MultiplyAdds, Is.EqualTo(multiplyAdds));
        Assert.That(backward.Bytes, Is.EqualTo(4 * (output + input + 2 * weights)));
        Assert.That(Find(data, "conv1", backward: true).Bytes, Is.EqualTo(4 * (output + 2 * input + weights)), "the input's gradient alone");
        Assert.That(Find(net, "conv2", backward: true).MultiplyAdds, Is.EqualTo(2 * Find(net, "conv2", backward: false).MultiplyAdds), "both gradients");
        Assert.That(Find(data, "conv2", backward: true).MultiplyAdds, Is.EqualTo(Find(data, "conv2", backward: false).MultiplyAdds), "the input's gradient alone");
        Assert.That(Find(net, "norm1", backward: false), Is.EqualTo(Find(net, "norm1", backward: false) with { MultiplyAdds = 0, Operations = 0, Bytes = 4 * 2 * output }));
    }

    [Test]
    public void A_kernel_that_computes_less_than_the_layer_says_so()
    {
        using var backend = new EmptyBackend { Operations = r => r.Layer is Convolution { Kernel.Height: 3 } ? KernelOperations.Of(r) with { Forward = 7, BackwardWeights = 5 } : null };
        using var parameters = new ParameterSet(SmallNet(), backend);
        using var net = new Net(parameters, batch: 2, new() { Times = true });
        StepTime conv1 = net.Times.Single(t => t.Node == "conv1"), conv2 = net.Times.Single(t => t.Node == "conv2");
        Assert.That((conv1.Forward.Operations, conv1.Backward.Operations), Is.EqualTo((7.0, 5.0)));
        Assert.That(conv2.Backward.Operations, Is.EqualTo(4.0 * conv2.Forward.MultiplyAdds));
    }

    [Test]
    public void Updates_on_the_way_are_timed_and_counted_apart()
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        using var parameters = new ParameterSet(SmallNet(), backend);
        using var net = new Net(parameters, batch: 2, new() { Times = true });
        using var solver = new SgdSolver(parameters) { Rate = 0.01f };
        net.Forward();
        solver.Step(net);
        StepTime conv1 = net.Times.Single(t => t.Node == "conv1"), fc3 = net.Times.Single(t => t.Node == "fc3"), norm1 = net.Times.Single(t => t.Node == "norm1");
        Assert.That(new[] { conv1.Update.Seconds, fc3.Update.Seconds }, Is.All.Positive);
        Assert.That(conv1.Update.Bytes, Is.EqualTo(4 * 6 * (32 * 27 + 32)), "value, gradient and momentum of weight and bias, read and written");
        // The kernel updates the weight of 5 × 1296 itself: value and momentum, read and written; the frozen scale is read, its gradient added to.
        Assert.That(fc3.Update.Bytes, Is.EqualTo(4 * 6 * 5));
        Assert.That(fc3.Backward.Bytes, Is.EqualTo(4 * (2 * (5 + 2 * 1296) + 4 * 5 * 1296 + 3 * (5 + 1))));
        Assert.That(norm1.Update.Bytes, Is.Zero);
        using var adam = new AdamSolver(parameters) { Rate = 0.01f };
        net.Forward();
        adam.Step(net);
        fc3 = net.Times.Single(t => t.Node == "fc3");
        Assert.That(fc3.Update.Bytes, Is.EqualTo(4 * 8 * (5 * 1296 + 5)), "two states, and no kernel updates a weight itself");
        Assert.That(fc3.Backward.Bytes, Is.EqualTo(4 * (2 * (5 + 2 * 1296) + 3 * (5 * 1296 + 5 + 1))));
        net.Forward();
        net.Backward();
        Assert.That(net.Times.Select(t => t.Update), Has.All.EqualTo(default(PassTime)), "nothing is updated");
        Assert.That(net.Times.Single(t => t.Node == "fc3").Backward.Bytes, Is.EqualTo(4 * (2 * (5 + 2 * 1296) + 3 * (5 * 1296 + 5 + 1))));
    }

    [Test]
    public void A_plan_for_inference_has_no_backward_work()
    {
        using var backend = new EmptyBackend();
        using var parameters = new ParameterSet(SmallNet(), backend);
        using var net = new Net(parameters, batch: 2, new() { Times = true, Backward = false });
        net.Forward(Phase.Test);
        Assert.That(net.Times.Select(t => t.Backward), Has.All.EqualTo(default(PassTime)));
        Assert.That(net.Times.Sum(t => t.Forward.MultiplyAdds), Is.EqualTo(2 * net.Graph.MultiplyAdds));
    }
}
