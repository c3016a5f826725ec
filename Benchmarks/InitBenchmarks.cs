using BenchmarkDotNet.Attributes;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Benchmarks;

/// <summary>Whole initializations of CaffeNet on 160 random pictures: weights, both steps, and the measurement that proves them.</summary>
public class InitBenchmarks
{
    private const int Pictures = 160;
    private Backend backend = null!;
    private ParameterSet parameters = null!;
    private float[] pictures = [];

    /// <summary>How the weights are made.</summary>
    [Params("gaussian", "pca", "kmeans")]
    public string Method { get; set; } = "";

    /// <summary>Draws the pictures: noise, smoothed so that neighbours agree a little.</summary>
    [GlobalSetup]
    public void Draw()
    {
        backend = Backends.Open("cpu");
        parameters = new ParameterSet(Nets.Find("caffenet").Graph(), backend);
        pictures = new float[Pictures * parameters.Graph["data"].Shape.Count];
        new Philox(1, RandomPurpose.Noise).FillGaussian(pictures);
        for (int i = 1; i < pictures.Length; i++) pictures[i] = 0.95f * pictures[i - 1] + 20 * pictures[i];
    }

    /// <summary>The whole.</summary>
    [Benchmark]
    public double Run() => Initializer.Run(parameters, pictures, Pictures, new() { Method = Method }).Rates.Flatness;

    /// <summary>Frees the parameters.</summary>
    [GlobalCleanup]
    public void Free()
    {
        parameters.Dispose();
        backend.Dispose();
    }
}
