using BenchmarkDotNet.Attributes;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Benchmarks;

/// <summary>A published net at a batch size.</summary>
public sealed record BenchmarkNet(string Name, int Batch)
{
    /// <summary>Two a multiply-add.</summary>
    public double ForwardOperations => 2.0 * Batch * Nets.Find(Name).Graph().MultiplyAdds;

    /// <summary>Forward, weights' and inputs' gradients of all that is trained; the first layer has no input gradient.</summary>
    public double StepOperations
    {
        get
        {
            Graph trained = Nets.Find(Name).TrainingGraph();
            return 2.0 * Batch * (3 * trained.MultiplyAdds - trained.Affine.First().MultiplyAdds);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Batch}";
}

/// <summary>Whole nets on random pictures.</summary>
public class NetBenchmarks
{
    private Backend backend = null!;
    private ParameterSet parameters = null!;
    private Net inference = null!, training = null!;
    private SgdSolver solver = null!;

    /// <summary>Nets and batch sizes.</summary>
    public static IEnumerable<BenchmarkNet> Cases =>
        [new("caffenet", 1), new("caffenet", 10), new("caffenet", 32), new("googlenet", 8), new("vgg16", 8)];

    /// <summary>The net.</summary>
    [ParamsSource(nameof(Cases))]
    public BenchmarkNet Net { get; set; } = null!;

    /// <summary>Plans for inference and for training.</summary>
    [GlobalSetup]
    public void Plan()
    {
        backend = Backends.Open("cpu");
        Graph graph = Nets.Find(Net.Name).TrainingGraph();
        Node scores = graph.Outputs[^1].Inputs[0], labels = graph["label"];
        parameters = new ParameterSet(graph, backend);
        var random = new Philox(1, RandomPurpose.Noise);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight"))
        {
            float[] weights = new float[p.Count];
            float size = (float)Math.Sqrt(6.0 / p.FanIn);
            random.FillUniform(weights, -size, size);
            p.Write(weights);
        }
        inference = new Net(parameters, Net.Batch, new() { Backward = false, Outputs = [scores] });
        training = new Net(parameters, Net.Batch);
        float[] pictures = new float[Net.Batch * graph["data"].Shape.Count];
        random.FillGaussian(pictures);
        inference.Load(graph["data"], pictures);
        training.Load(graph["data"], pictures);
        training.Load(labels, new float[Net.Batch]);
        solver = new SgdSolver(parameters) { Rate = Schedule.Fixed(1e-4f), Momentum = 0.9f, Decay = 5e-4f };
    }

    /// <summary>Scores in the test phase.</summary>
    [Benchmark]
    public void Forward() => inference.Forward(Phase.Test);

    /// <summary>Forward, backward, and the solver's update.</summary>
    [Benchmark]
    public void TrainingStep()
    {
        training.Forward();
        solver.Step(training);
    }

    /// <summary>Frees the plans.</summary>
    [GlobalCleanup]
    public void Free()
    {
        inference.Dispose();
        training.Dispose();
        parameters.Dispose();
        backend.Dispose();
    }
}
