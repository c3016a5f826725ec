using System.Text.Json;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

/// <summary>The initializations without data: their distributions, and Caffe's own draws.</summary>
public sealed class BaselineTests
{
    // Of weights whose spread is known: n = inputs per group × window, or outputs × window without the groups.
    [TestCase(FanMode.In, 64 * 25, 16 * 9, 700)]
    [TestCase(FanMode.Out, 256 * 25, 128 * 9, 300)]
    [TestCase(FanMode.Average, (64 + 256) * 25 / 2, (16 + 128) * 9 / 2, 500)]
    public void Variances_are_those_of_the_formulas(FanMode mode, int convolution, int grouped, int product)
    {
        using var parameters = Caffes();
        foreach ((RandomInit init, double numerator) in new (RandomInit, double)[] { (new XavierInit(mode), 1), (new MsraInit(mode), 2) })
        {
            init.Apply(parameters, seed: 3);
            foreach ((string name, int fan) in new[] { ("plain", convolution), ("grouped", grouped), ("product", product) })
            {
                float[] weights = parameters[$"{name}.weight"].Read();
                (double mean, double variance, double kurtosis) = Moments(weights);
                // 18,432 weights: the variance of a Gaussian sample is known to one per cent, so two are two of its deviations.
                double tolerance = name == "grouped" && init is MsraInit ? 0.04 : 0.02;
                Assert.That(variance * fan / numerator, Is.EqualTo(1).Within(tolerance), $"{init.Name} {name}");
                Assert.That(Math.Abs(mean), Is.LessThan(4 * Math.Sqrt(variance / weights.Length)), $"{init.Name} {name}");
                Assert.That(kurtosis, Is.EqualTo(init is XavierInit ? 1.8 : 3).Within(0.15), $"{init.Name} {name}");
                if (init is XavierInit) Assert.That(weights.Max(Math.Abs), Is.EqualTo(Math.Sqrt(3.0 / fan)).Within(0.1).Percent, name);
                Assert.That(parameters[$"{name}.bias"].Read(), Is.All.Zero);
                Assert.That(parameters[$"{name}.scale"].Read()[0], Is.EqualTo(1));
            }
        }
    }

    [Test]
    public void Msra_in_the_convolutions_leaves_the_inner_products_to_the_published_fills()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        NetInfo net = Nets.Find("caffenet-mini");
        using var parameters = new ParameterSet(net.Graph(), backend);
        InitMethods.BlindInit("msra-conv", net.Fills).Apply(parameters, seed: 1);
        (double Deviation, double Expected)[] found =
        [
            (Math.Sqrt(Moments(parameters["conv3.weight"].Read()).Variance), Math.Sqrt(2.0 / (96 * 9))),
            (Math.Sqrt(Moments(parameters["fc7.weight"].Read()).Variance), 0.005),
            (Math.Sqrt(Moments(parameters["fc8.weight"].Read()).Variance), 0.01),
        ];
        foreach ((double deviation, double expected) in found) Assert.That(deviation, Is.EqualTo(expected).Within(2).Percent);
        Assert.That(parameters["conv2.bias"].Read(), Is.All.Zero);
        Assert.That(parameters["fc7.bias"].Read(), Is.All.EqualTo(1));
    }

    [Test]
    public void Caffes_own_draws_have_the_same_spread()
    {
        using JsonDocument recorded = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("goldens", "fillers.json")));
        using var parameters = Caffes();
        int compared = 0;
        foreach (JsonElement entry in recorded.RootElement.EnumerateArray())
        {
            string filler = entry.GetProperty("filler").GetString()!;
            string? name = entry.GetProperty("layer").GetString() switch { "Convolution" => "plain", "Convolution group 4" => "grouped", "InnerProduct" => "product", _ => null };
            FanMode mode = filler.Contains("FAN_OUT", StringComparison.Ordinal) ? FanMode.Out : filler.Contains("AVERAGE", StringComparison.Ordinal) ? FanMode.Average : FanMode.In;
            RandomInit? init = filler.Split('"')[1] switch { "xavier" => new XavierInit(mode), "msra" => new MsraInit(mode), _ => null };
            if (name is null || init is null) continue;
            Parameter weight = parameters[$"{name}.weight"];
            Assert.That(weight.Spec.Dimensions, Is.EqualTo(entry.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32())));
            init.Apply(parameters, seed: 1);
            (_, double variance, double kurtosis) = Moments(weight.Read());
            // Both are samples: four deviations of the ratio of two sample variances. The modes differ by half at least.
            double tolerance = 4 * Math.Sqrt(2 * (kurtosis - 1) / weight.Count);
            Assert.That(variance / entry.GetProperty("variance").GetDouble(), Is.EqualTo(1).Within(tolerance), $"{name} {filler}");
            Assert.That(kurtosis, Is.EqualTo(entry.GetProperty("kurtosis").GetDouble()).Within(0.2), $"{name} {filler}");
            compared++;
        }
        Assert.That(compared, Is.EqualTo(18), "two fillers in three modes for three layers");
    }

    [Test]
    public void A_published_nets_own_fills_are_followed_layer_by_layer()
    {
        NetInfo net = Nets.Find("caffenet-mini");
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(net.Graph(classes: 200), backend);
        InitMethods.BlindInit("caffe", net.Fills).Apply(parameters, seed: 1);
        foreach ((string layer, double deviation, float bias) in new[]
        {
            ("conv1", 0.01, 0f), ("conv2", 0.01, 1), ("conv3", 0.01, 0), ("conv4", 0.01, 1), ("conv5", 0.01, 1), ("fc6", 0.005, 1), ("fc7", 0.005, 1), ("fc8", 0.01, 0),
        })
        {
            (_, double variance, double kurtosis) = Moments(parameters[$"{layer}.weight"].Read());
            double tolerance = Math.Max(0.02, 4 * Math.Sqrt(2.0 / parameters[$"{layer}.weight"].Count));
            Assert.That(variance / (deviation * deviation), Is.EqualTo(1).Within(tolerance), layer);
            Assert.That(kurtosis, Is.EqualTo(3).Within(0.25), layer);
            Assert.That(parameters[$"{layer}.bias"].Read(), Is.All.EqualTo(bias), layer);
        }
    }

    [Test]
    public void A_layer_published_with_xavier_gets_it()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Dag(classes: 900), backend);
        new HandTunedInit(layer => layer == "main/classifier" ? (null, 0) : (0.3f, 0.2f)).Apply(parameters, seed: 1);
        Parameter classifier = parameters["main/classifier.weight"];
        (_, double variance, double kurtosis) = Moments(classifier.Read());
        Assert.That(variance * classifier.FanIn, Is.EqualTo(1).Within(0.02));
        Assert.That(kurtosis, Is.EqualTo(1.8).Within(0.05));
        Assert.That(parameters["main/classifier.bias"].Read(), Is.All.Zero);
        Assert.That(Moments(parameters["conv1.weight"].Read()).Variance, Is.EqualTo(0.09).Within(20).Percent);
        Assert.That(parameters["conv1.bias"].Read(), Is.All.EqualTo(0.2f));
    }

    [Test]
    public void A_net_without_published_fills_says_what_to_use_instead() => Assert.That(
        () => InitMethods.BlindInit("caffe", fills: null), Throws.ArgumentException.With.Message.Contains("use --method"));

    [Test]
    public void Layers_seeds_and_methods_draw_their_own_numbers()
    {
        using var parameters = Caffes();
        float[] Draw(RandomInit init, ulong seed, string name)
        {
            init.Apply(parameters, seed);
            return parameters[$"{name}.weight"].Read();
        }
        float[] one = Draw(new MsraInit(), 1, "plain");
        Assert.That(Draw(new MsraInit(), 1, "plain"), Is.EqualTo(one));
        Assert.That(Correlation(one, Draw(new MsraInit(), 2, "plain")), Is.LessThan(0.02));
        Assert.That(Correlation(one, Draw(new MsraInit(), 1, "product")), Is.LessThan(0.02));
    }

    private static ParameterSet Caffes()
    {
        Node data = Node.Input("data", 64, 5, 5), wide = Node.Input("wide", 700);
        Node plain = data.Convolution("plain", 256, kernel: 5), grouped = data.Convolution("grouped", 128, kernel: 3, groups: 4);
        return new ParameterSet(Graph.Of(plain, grouped, wide.InnerProduct("product", 300)), Backends.Open("cpu", threads: 1));
    }

    private static (double Mean, double Variance, double Kurtosis) Moments(float[] values)
    {
        double mean = values.Average(v => (double)v), variance = values.Average(v => (v - mean) * (v - mean));
        return (mean, variance, values.Average(v => Math.Pow(v - mean, 4)) / (variance * variance));
    }

    private static double Correlation(float[] a, float[] b)
    {
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++) (ab, aa, bb) = (ab + (double)a[i] * b[i], aa + (double)a[i] * a[i], bb + (double)b[i] * b[i]);
        return Math.Abs(ab) / Math.Sqrt(aa * bb);
    }
}
