using BenchmarkDotNet.Attributes;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Benchmarks;

/// <summary>Forward and backward passes of single layers on the cpu backend.</summary>
public class LayerBenchmarks
{
    private Backend backend = null!;
    private ParameterSet parameters = null!;
    private Net net = null!;
    private (Node, float[])[] seeds = [];

    /// <summary>Layers of CaffeNet, VGG-16 and GoogLeNet.</summary>
    public static IEnumerable<NetLayer> Cases => NetLayer.All;

    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Cases))]
    public NetLayer Layer { get; set; } = null!;

    /// <summary>Plans the layer alone; refuses a plan that fell back to the reference.</summary>
    [GlobalSetup]
    public void Plan()
    {
        backend = Backends.Open("cpu");
        Graph graph = Layer.Graph();
        parameters = new ParameterSet(graph, backend);
        net = new Net(parameters, Layer.Batch, new() { InputGradients = !Layer.IsFirst, ShareMemory = false });
        if (net.Report.Lines.FirstOrDefault(l => l.Kernel.StartsWith("reference", StringComparison.Ordinal)) is { } slow)
            throw new InvalidOperationException($"{Layer} runs on {slow.Kernel}");
        var random = new Philox(1, RandomPurpose.Noise);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight"))
        {
            float[] weights = new float[p.Count];
            random.FillUniform(weights, -0.1f, 0.1f);
            p.Write(weights);
        }
        float[] input = new float[Layer.Batch * Layer.Input.Count], gradient = new float[Layer.Batch * graph.Outputs[0].Shape.Count];
        random.FillGaussian(input);
        random.FillGaussian(gradient);
        net.Load(graph.Nodes[0], input);
        seeds = [(graph.Outputs[0], gradient)];
        net.Forward();
    }

    /// <summary>From the input to the output.</summary>
    [Benchmark]
    public void Forward() => net.Forward();

    /// <summary>Weights' and input's gradients; the copy of the output's gradient into the plan is part of the time.</summary>
    [Benchmark]
    public void Backward() => net.Backward(seeds);

    /// <summary>Frees the plan.</summary>
    [GlobalCleanup]
    public void Free()
    {
        net.Dispose();
        parameters.Dispose();
        backend.Dispose();
    }
}
