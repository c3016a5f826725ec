using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests.Initialization;

/// <summary>The recorded runs of the paper's own program, followed with its random draws in float64.</summary>
public sealed class MagicTests
{
    private const int Images = 24;
    private static readonly string[] Affine = ["conv1", "conv2", "conv3", "fc4", "fc5"];

    private static Graph Net(bool lrn)
    {
        Node x = Node.Input("data", 3, 21, 21).Convolution("conv1", 8, kernel: 5, stride: 2).Relu().MaxPool("pool1", 3, stride: 2);
        if (lrn) x = x.Lrn("norm1", size: 3);
        return Graph.Of(x.Convolution("conv2", 10, kernel: 3, pad: 1, groups: 2).Relu().Convolution("conv3", 8, kernel: 1).Relu()
            .InnerProduct("fc4", 16).Relu().InnerProduct("fc5", 7).Softmax("prob"));
    }

    // The program computes in float32 throughout.
    [TestCase("magic_elwise_cs", true)]
    [TestCase("magic_elwise_cs_nolrn", false)]
    public void The_gaussian_run_is_followed_through_every_step(string name, bool lrn)
    {
        Golden golden = Golden.Open(name);
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Net(lrn), backend);
        Within(golden, parameters, new GaussianWeights());
        foreach (string layer in Affine) Compare(golden, parameters, $"within/param/{layer}", layer, 2e-6);
        Between(golden, parameters, 5e-6);
    }

    [Test]
    public void The_principal_components_are_the_programs()
    {
        Golden golden = Golden.Open("magic_pca");
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Net(lrn: true), backend);
        Within(golden, parameters, new RecordedSigns(golden, new RandomBasisWeights(PatchMethod.Pca)));
        foreach (string layer in Affine) Compare(golden, parameters, $"within/param/{layer}", layer, 2e-3);
    }

    [Test]
    public void The_k_means_run_is_followed_with_its_recorded_centres()
    {
        Golden golden = Golden.Open("magic_kmeans_cs");
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Net(lrn: true), backend);
        int call = 0;
        Within(golden, parameters, new RandomBasisWeights(PatchMethod.KMeans)
        {
            Centers = (points, rows, dimensions, centers) => InOurAxes(golden, call++, points, rows, dimensions),
        });
        foreach (string layer in Affine) Compare(golden, parameters, $"within/param/{layer}", layer, 2e-3);
        // From here on with the recorded weights, so that the eigenvectors' rounding is left behind.
        foreach (string layer in Affine)
        {
            parameters[$"{layer}.weight"].Write(golden[$"within/param/{layer}/0"]);
            parameters[$"{layer}.bias"].Write(golden[$"within/param/{layer}/1"]);
        }
        Between(golden, parameters, 5e-6);
    }

    // The recorded centres lie in the program's axes, which have signs of their own.
    private static double[] InOurAxes(Golden golden, int call, float[] points, int rows, int dimensions)
    {
        float[] recorded = golden[$"within/whitened/{call}"], centers = golden[$"within/centres/{call}"];
        Assert.That(recorded, Has.Length.EqualTo(rows * dimensions));
        var ours = new double[centers.Length];
        for (int k = 0; k < dimensions; k++)
        {
            double dot = 0, size = 0;
            for (int r = 0; r < rows; r++)
            {
                dot += points[r * dimensions + k] * recorded[r * dimensions + k];
                size += points[r * dimensions + k] * points[r * dimensions + k];
            }
            Assert.That(Math.Abs(dot) / size, Is.EqualTo(1).Within(1e-3), $"whitened direction {k} of call {call}");
            for (int c = 0; c < dimensions; c++) ours[c * dimensions + k] = Math.Sign(dot) * centers[c * dimensions + k];
        }
        return ours;
    }

    private static void Within(Golden golden, ParameterSet parameters, IWeightFiller filler)
    {
        var init = new WithinLayerInit(filler)
        {
            Draws = node => new RecordedDraws(golden.Under($"within/draw/{node.Name}").Select(int.Parse).Order().Select(j => golden[$"within/draw/{node.Name}/{j}"])),
        };
        WithinLayerReport report = init.Apply(parameters, golden["in/data"], Images, seed: 1);
        Assert.That(report.Layers.Max(l => l.WorstMean), Is.LessThan(1e-5));
        Assert.That(report.Layers.Max(l => l.WorstDeviation), Is.LessThan(1e-5));
    }

    private static void Between(Golden golden, ParameterSet parameters, double tolerance)
    {
        int sweeps = 0;
        (MultiplicativeRescaler.Reference with { Images = Images, Batch = Images }).Apply(
            parameters, golden["in/data"], Images, seed: 1,
            sweep => new RecordedDraws([golden[$"between/it{sweep}/topdiff"]]),
            (sweep, rates) =>
            {
                sweeps++;
                for (int k = 0; k < Affine.Length; k++)
                {
                    Compare(golden, parameters, $"between/it{sweep}/param/{Affine[k]}", Affine[k], tolerance);
                    Assert.That(rates[k] / golden[$"between/it{sweep}/ratio/{Affine[k]}"][0], Is.EqualTo(1).Within(tolerance), $"rate of {Affine[k]} in sweep {sweep}");
                }
            });
        Assert.That(sweeps, Is.EqualTo(10));
        foreach (string layer in Affine) Compare(golden, parameters, $"final/param/{layer}", layer, tolerance);
    }

    [Test]
    public void The_measured_statistics_are_the_programs()
    {
        Golden golden = Golden.Open("magic_stats");
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Net(lrn: true), backend);
        foreach (string layer in Affine)
        {
            parameters[$"{layer}.weight"].Write(golden[$"param/{layer}/0"]);
            parameters[$"{layer}.bias"].Write(golden[$"param/{layer}/1"]);
        }
        ChangeRateReport report = new ChangeRates { Batch = Images, PerImage = false, Passes = 1 }.Measure(
            parameters, golden["in/data"], Images, seed: 1, _ => new RecordedDraws([golden["topdiff/fc5"]]));
        foreach (LayerRate layer in report.Layers)
        {
            Assert.That(layer.Rate / golden[$"rate_mean/{layer.Name}"][0], Is.EqualTo(1).Within(1e-5), layer.Name);
            Assert.That(layer.RateCv / golden[$"rate_cv/{layer.Name}"][0], Is.EqualTo(1).Within(1e-5), layer.Name);
            Assert.That(layer.OutputMean, Is.EqualTo(golden[$"channel_mean/{layer.Name}"].Average()).Within(1e-5 * layer.OutputStd), layer.Name);
            Assert.That(layer.OutputStd / golden[$"channel_std/{layer.Name}"].Average(), Is.EqualTo(1).Within(1e-5), layer.Name);
            Assert.That(layer.OutputStdCv / golden[$"std_cv/{layer.Name}"][0], Is.EqualTo(1).Within(1e-5), layer.Name);
        }
    }

    private static void Compare(Golden golden, ParameterSet parameters, string recorded, string layer, double tolerance)
    {
        foreach ((string part, int index) in new[] { ("weight", 0), ("bias", 1) })
        {
            double[] expected = [.. golden[$"{recorded}/{index}"].Select(v => (double)v)];
            Assert.That(Sample.RelativeError(expected, parameters[$"{layer}.{part}"].ReadExact()), Is.LessThan(tolerance), $"{recorded}/{index}");
        }
    }

    // Components are defined up to their sign, and the layers above see which one was chosen.
    private sealed class RecordedSigns(Golden golden, IWeightFiller weights) : IWeightFiller
    {
        public string Name => weights.Name;

        public string Fill(WeightRequest request)
        {
            string used = weights.Fill(request);
            float[] recorded = golden[$"within/param/{request.Node.Name}/0"];
            int fanIn = request.Patches.Dimensions;
            for (int o = 0; o < request.Node.Shape.Channels; o++)
            {
                Span<float> row = request.Weights.AsSpan(o * fanIn, fanIn);
                double dot = 0;
                for (int i = 0; i < fanIn; i++) dot += row[i] * recorded[o * fanIn + i];
                if (dot < 0) foreach (ref float w in row) w = -w;
            }
            return used;
        }
    }
}
