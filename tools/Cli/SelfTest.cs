using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>A matrix product and a small net's forward pass on a device, against the reference.</summary>
internal static class SelfTest
{
    // float32 against float64: rounding of sums of a few thousand terms.
    private const double Allowed = 1e-4;

    private const int Batch = 2;

    public static IReadOnlyList<DoctorCheck> Run(Backend device)
    {
        using Backend reference = Backends.Open("reference");
        return
        [
            Timed("matrix product 97×131×75", () => Compare(Product(reference), Product(device))),
            Timed("forward pass of caffenet-mini", () => Compare(Scores(reference), Scores(device))),
        ];
    }

    private static double[] Product(Backend backend)
    {
        const int m = 97, n = 131, k = 75;
        var random = new Philox(1, RandomPurpose.Weights);
        float[] a = new float[m * k], b = new float[k * n], c = new float[m * n];
        random.FillGaussian(a);
        random.FillGaussian(b);
        backend.Gemm(false, false, m, n, k, a, b, c);
        return Array.ConvertAll(c, x => (double)x);
    }

    private static double[] Scores(Backend backend)
    {
        NetInfo info = Nets.Find("caffenet-mini");
        using var parameters = new ParameterSet(info.Graph(classes: 10), backend);
        for (int i = 0; i < parameters.All.Count; i++)
        {
            Parameter p = parameters.All[i];
            if (!p.Spec.IsLearned) continue;
            float[] values = new float[p.Count];
            new Philox(1, RandomPurpose.Weights, i).FillGaussian(values);
            double size = Math.Sqrt(2.0 / p.FanIn);
            foreach (ref float v in values.AsSpan()) v = (float)(size * v);
            p.Write(values);
        }
        using var net = new Net(parameters, Batch, new() { Backward = false });
        Node input = net.Nodes.Single(node => node.Layer is Input);
        float[] images = new float[Batch * input.Shape.Count];
        new Philox(1, RandomPurpose.Noise).FillGaussian(images);
        net.Load(input, images);
        net.Forward(Phase.Test);
        return net[net.Graph.Outputs[^1]].ReadExact();
    }

    private static double Compare(double[] expected, double[] actual)
    {
        double size = expected.Max(Math.Abs);
        double worst = expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();
        return double.IsNaN(worst) || actual.Any(double.IsNaN) ? double.PositiveInfinity : worst / size;
    }

    private static DoctorCheck Timed(string name, Func<double> error)
    {
        var clock = Stopwatch.StartNew();
        double worst = error();
        return new DoctorCheck(name, worst, Allowed, clock.Elapsed.TotalSeconds);
    }
}
