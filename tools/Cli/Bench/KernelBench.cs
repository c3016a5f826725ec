using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>The passes of one layer alone on a device. What one pass leaves in the caches the next may find there, unlike in a net.</summary>
internal sealed class KernelBench(NetLayer layer, Backend backend, BackendLimits? limits, int repetitions, double limitSeconds, CancellationToken cancellation)
{
    private const ulong Seed = 1;

    /// <summary>Measures the forward pass and each backward pass that the layer has.</summary>
    public IEnumerable<BenchKernel> Run()
    {
        yield return Measure("forward", isBackward: false, new() { InputGradients = !layer.IsFirst });
        bool hasWeights = layer.ForwardOperations > 0;
        if (!layer.IsFirst) yield return Measure(hasWeights ? "backward-data" : "backward", isBackward: true, new() { InputGradients = true, ParameterGradients = static _ => false });
        if (hasWeights) yield return Measure("backward-weights", isBackward: true, new());
    }

    private BenchKernel Measure(string pass, bool isBackward, NetOptions options)
    {
        Graph graph = layer.Graph();
        using var parameters = new ParameterSet(graph, backend);
        BenchData.FillWeights(parameters, Seed);
        // Values of their own for every backward pass after one forward pass.
        using var net = new Net(parameters, layer.Batch, options with { Times = true, ShareMemory = false });
        net.Load(graph["data"], BenchData.Noise((long)layer.Batch * layer.Input.Count, Seed));
        Node output = graph.Outputs[0];
        (Node, float[])[] seeds = [(output, BenchData.Noise((long)layer.Batch * output.Shape.Count, Seed, index: 1))];
        net.Forward();
        // Reorders around the layer are another kernel's time.
        StepTime Step() => net.Times.Single(t => t.Node == output.Name);
        double Once()
        {
            if (isBackward) net.Backward(seeds);
            else net.Forward();
            return isBackward ? Step().Backward.Seconds : Step().Forward.Seconds;
        }
        Repetitions measured = Repetitions.Of(Once, repetitions, limitSeconds, static _ => { }, cancellation);
        StepTime step = Step();
        PassTime work = isBackward ? step.Backward : step.Forward;
        double gflops = 2 * work.MultiplyAdds / measured.Median / 1e9;
        return new BenchKernel(
            layer.Net, layer.Layer, layer.Batch, pass, step.Kernel, backend.Parallelism, 1e3 * measured.Median, measured.Spread, gflops,
            1e9 * gflops / (limits?.OperationsPerSecond ?? double.NaN), work.Bytes / measured.Median / 1e9,
            (limits?.LeastSeconds(work.Operations, work.Bytes) ?? double.NaN) / measured.Median);
    }
}
