using BenchmarkDotNet.Attributes;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Benchmarks;

/// <summary>Forward and backward passes of single layers on the cpu backend.</summary>
public class LayerBenchmarks
{
    private Backend backend = null!;
    private ParameterSet parameters = null!;
    private Net net = null!;
    private (Node, float[])[] seeds = [];

    /// <summary>Layers of CaffeNet, VGG-16 and GoogLeNet.</summary>
    public static IEnumerable<BenchmarkLayer> Cases =>
    [
        new("caffenet conv1", 32, new(3, 227, 227), x => x.Convolution("l", 96, 11, stride: 4), IsFirst: true),
        new("caffenet conv2", 32, new(96, 27, 27), x => x.Convolution("l", 256, 5, pad: 2, groups: 2)),
        new("caffenet conv3", 32, new(256, 13, 13), x => x.Convolution("l", 384, 3, pad: 1)),
        new("caffenet conv4", 32, new(384, 13, 13), x => x.Convolution("l", 384, 3, pad: 1, groups: 2)),
        new("caffenet conv5", 32, new(384, 13, 13), x => x.Convolution("l", 256, 3, pad: 1, groups: 2)),
        new("caffenet pool1", 32, new(96, 55, 55), x => x.MaxPool("l", 3, stride: 2)),
        new("caffenet norm1", 32, new(96, 27, 27), x => x.Lrn("l")),
        new("caffenet fc6", 32, new(256, 6, 6), x => x.InnerProduct("l", 4096)),
        new("caffenet fc7", 32, new(4096), x => x.InnerProduct("l", 4096)),
        new("vgg16 conv1_2", 2, new(64, 224, 224), x => x.Convolution("l", 64, 3, pad: 1)),
        new("vgg16 conv3_2", 8, new(256, 56, 56), x => x.Convolution("l", 256, 3, pad: 1)),
        new("vgg16 conv5_1", 8, new(512, 14, 14), x => x.Convolution("l", 512, 3, pad: 1)),
        new("googlenet conv1", 8, new(3, 224, 224), x => x.Convolution("l", 64, 7, stride: 2, pad: 3), IsFirst: true),
        new("googlenet 3b 3×3", 8, new(128, 28, 28), x => x.Convolution("l", 192, 3, pad: 1)),
        new("googlenet 4a 1×1", 8, new(480, 14, 14), x => x.Convolution("l", 192, 1)),
    ];

    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Cases))]
    public BenchmarkLayer Layer { get; set; } = null!;

    /// <summary>Plans the layer alone; refuses a plan that fell back to the reference.</summary>
    [GlobalSetup]
    public void Plan()
    {
        backend = Backends.Open("cpu");
        Graph graph = Layer.Graph();
        parameters = new ParameterSet(graph, backend);
        net = new Net(parameters, Layer.Batch, new() { InputGradients = !Layer.IsFirst });
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
