using EvenNet.Report;

namespace EvenNet.Tests;

/// <summary>Reports with made-up numbers of the sizes that real runs have.</summary>
internal static class SampleReport
{
    private static readonly string[] CaffeNet = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"];
    private static readonly string[] Methods = ["k-means", "gaussian 0.01", "xavier", "msra"];

    public static RunReport Of(int layers, int methods)
    {
        var random = new System.Random(layers * 10 + methods);
        string[] names = layers == CaffeNet.Length ? CaffeNet : [.. Enumerable.Range(0, layers).Select(GoogLeNetName)];
        return new RunReport
        {
            Title = layers == CaffeNet.Length ? "caffenet from 160 photographs" : "googlenet with auxiliary heads from 160 photographs",
            Command = "evennet init caffenet --images photographs --method kmeans --count 160 --seed 1 --out w.safetensors",
            Device = "cpu, 2 threads, AVX-512",
            Seed = 1,
            Versions = [new("evennet", "0.1.0"), new(".NET", "10.0.1")],
            Settings = [new("net", "caffenet"), new("images", "photographs (160 of 1,482)"), new("method", "kmeans"), new("bias", "0.1"), new("between", "scale-layers"), new("damping", "0.25")],
            Timings = [new("decode", 1.82), new("k-means", 14.3), new("within layers", 6.4), new("between layers", 11.9), new("measure", 0.041)],
            Notes = methods > 1 ? ["3 of 163 files were passed over: no pictures (notes.txt and 2 more)."] : [],
            Methods = [.. Methods.Take(methods).Select((name, m) => Method(name, m, names, random))],
        };
    }

    private static MethodReport Method(string name, int m, string[] names, System.Random random)
    {
        double spread = m switch { 0 => 0.03, 1 => 2.2, 2 => 0.7, _ => 0.4 };
        LayerReport[] layers = [.. names.Select((layer, i) =>
        {
            double rate = 0.1 * Math.Pow(10, spread * (random.NextDouble() - 0.5) - (m == 1 ? 3.0 * (names.Length - i) / names.Length : 0));
            double std = m == 0 ? 1 : Math.Pow(10, (m == 1 ? -3.0 : 0.3) * i / names.Length);
            double mean = m == 0 ? 0.1 : std * (random.NextDouble() - 0.5);
            return new LayerReport(layer, rate, 0.15 + 0.4 * m * random.NextDouble() + 0.1 * random.NextDouble(), mean, std)
            {
                ElementRate = rate * 1.1,
                ElementRateCv = 0.8 + random.NextDouble(),
                ChannelMean = new(mean - std * (m == 0 ? 0.001 : 0.4), mean + std * (m == 0 ? 0.001 : 0.6)),
                ChannelStd = new(std * (m == 0 ? 0.999 : 0.6), std * (m == 0 ? 1.001 : 1.7)),
            };
        })];
        return new MethodReport
        {
            Name = name,
            Layers = layers,
            Flatness = layers.Max(l => l.Rate) / layers.Min(l => l.Rate),
            FunctionChange = m == 0 ? 2.4e-6 : null,
            Fallbacks = m == 0 && names.Length > CaffeNet.Length ? ["conv1: 3 filters died and were drawn again from patches"] : [],
            Notes = m == 0 ? ["classifier kept"] : [],
            Filters = [Filters(random, smooth: m == 0)],
        };
    }

    private static FilterPicture Filters(System.Random random, bool smooth)
    {
        const int Outputs = 96, Side = 11;
        float[] weights = new float[Outputs * 3 * Side * Side];
        for (int o = 0; o < Outputs; o++)
        {
            double angle = Math.PI * random.NextDouble(), wave = 0.3 + 1.5 * random.NextDouble(), phase = 6 * random.NextDouble();
            double[] colour = [.. Enumerable.Range(0, 3).Select(_ => 0.6 + 0.8 * random.NextDouble())];
            for (int c = 0; c < 3; c++)
                for (int r = 0; r < Side; r++)
                    for (int s = 0; s < Side; s++)
                    {
                        double gabor = Math.Cos(wave * (s * Math.Cos(angle) + r * Math.Sin(angle)) + phase) * Math.Exp(-(Math.Pow(r - 5, 2) + Math.Pow(s - 5, 2)) / 14);
                        weights[((o * 3 + c) * Side + r) * Side + s] = (float)(smooth ? gabor * colour[c] : random.NextDouble() - 0.5);
                    }
        }
        return FilterMosaic.Draw("conv1", weights, Outputs, 3, Side, Side);
    }

    private static string GoogLeNetName(int i)
    {
        string[] parts = ["1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_proj"];
        return i < 3 ? $"conv{i + 1}/7x7_s2" : $"inception_{3 + i / 30}{(char)('a' + i / 6)}/{parts[i % 6]}";
    }
}
