using System.Text.Json;
using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>
/// A whole published net run by Caffe from hashed weights: for every blob and gradient its sum, mean magnitude, norm, extremes and sixteen
/// samples. The weights are made again from the same integer hash.
/// </summary>
internal sealed class GoldenNet(string name)
{
    private readonly JsonElement recorded = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("goldens", "bignets", $"{name}.json"))).RootElement;

    /// <summary>Largest error of each tensor: of its samples and extremes against its largest magnitude, of its sums against the sum of magnitudes.</summary>
    public Dictionary<string, double> Errors { get; } = [];

    public int Count(string group) => recorded.GetProperty(group).EnumerateObject().Count();

    public int Batch => recorded.GetProperty("blobs").GetProperty("data").GetProperty("shape")[0].GetInt32();

    // Where a pre-activation lies so near zero, or two values of a pooling window so near each other, that float32 sums fall on either side,
    // the gradient jumps by far more than a rounding. A bias (or, to part two places of one channel, a weight) shifted by one to four
    // millionths of the layer's deviation puts each clearly on the side where Caffe's sum fell; no value moves by more.
    private static readonly Dictionary<string, (string Parameter, int Index, float Shift)[]> Shifts = new()
    {
        ["caffenet"] = [],
        ["googlenet"] = [("inception_3a/1x1.bias", 24, -4e-6f), ("inception_3a/3x3.bias", 53, 4e-6f)],
        ["vgg16"] =
        [
            ("conv1_1.bias", 47, 4e-6f), ("conv1_2.bias", 21, -4e-6f), ("conv2_2.weight", 96394, 4e-6f),
            ("conv2_2.weight", 90240, 4e-6f), ("conv2_2.weight", 128394, 4e-6f), ("conv2_2.bias", 94, -8e-6f), ("conv3_1.bias", 76, -1.2e-5f),
            ("conv3_1.bias", 142, -1.2e-5f), ("conv3_2.bias", 115, 1.2e-5f), ("conv3_3.bias", 28, 1.2e-5f), ("conv4_1.bias", 226, -1.2e-5f),
        ],
    };

    /// <summary>Seconds of the forward and of the backward pass.</summary>
    public (double Forward, double Backward) Seconds { get; private set; }

    /// <summary>Runs the graph and compares everything that its plan computes.</summary>
    public void Run(Graph graph, Backend backend, bool fuse)
    {
        using var parameters = new ParameterSet(graph, backend);
        foreach (JsonElement p in recorded.GetProperty("params").EnumerateArray())
            Weights(p, Find(parameters, p.GetProperty("layer").GetString()!, p.GetProperty("index").GetInt32()));
        foreach ((string parameter, int index, float shift) in Shifts[name])
        {
            float[] values = parameters[parameter].Read();
            values[index] += shift;
            parameters[parameter].Write(values);
        }
        using var net = new Net(parameters, Batch, new() { Fuse = fuse, InputGradients = true });
        net.Load(graph["data"], Hash(Batch * graph["data"].Shape.Count, seed: 0, u => 1.5 * (2 * u - 1)));
        net.Load(graph["label"], [.. Enumerable.Range(0, Batch).Select(n => (float)((37 * n + 5) % 1000))]);

        var watch = System.Diagnostics.Stopwatch.StartNew();
        var signs = new Dictionary<Node, double[]>();
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, Phase.Test);
            double[] value = net[node].ReadExact();
            if (node.Layer is Relu && !net.Nodes.Contains(node.Inputs[0])) signs[node] = value;
            if (node.Layer is ILoss loss) value = [value.Sum() / loss.Weight];
            // A blob that later layers overwrite ends as the value of the last of them.
            if (!InPlaceReader(graph, node)) Compare("blobs", BlobOf(node), value);
        }
        double forward = watch.Elapsed.TotalSeconds;
        watch.Restart();
        (Node, float[])[] seeds = [.. graph.Outputs.Select(o => (o, Enumerable.Repeat(1f, Batch).ToArray()))];
        foreach (Node node in net.BackwardSteps(seeds)) CompareGradient(net, node, signs);
        CompareGradient(net, graph["data"], signs);
        Seconds = (forward, watch.Elapsed.TotalSeconds);

        foreach (JsonProperty p in recorded.GetProperty("param_diffs").EnumerateObject())
        {
            int slash = p.Name.LastIndexOf('/');
            Compare("param_diffs", p.Name, Find(parameters, p.Name[..slash], int.Parse(p.Name[(slash + 1)..])).ReadGradientExact());
        }
    }

    // Caffe's gradient of a blob ends as that below the layers that overwrite it. Where the rectifier was fused, it is masked here.
    private void CompareGradient(Net net, Node node, Dictionary<Node, double[]> signs)
    {
        bool lowest = node.Layer is not (Relu or Dropout);
        if (!lowest && !signs.ContainsKey(node)) return;
        double[] gradient = net.GradientOf(node).ReadExact();
        if (signs.TryGetValue(node, out double[]? y))
            for (int i = 0; i < gradient.Length; i++) gradient[i] = y[i] > 0 ? gradient[i] : 0;
        Compare("diffs", BlobOf(node), gradient);
    }

    private static string BlobOf(Node node) => node.Layer is Relu or Dropout ? BlobOf(node.Inputs[0]) : node.Name;

    private static bool InPlaceReader(Graph graph, Node node) => graph.Nodes.Any(n => n.Layer is Relu or Dropout && n.Inputs[0] == node);

    private void Compare(string group, string tensor, double[] actual)
    {
        if (!recorded.GetProperty(group).TryGetProperty(tensor, out JsonElement e)) return;
        double Number(string key) => e.GetProperty(key).GetDouble();
        double largest = Math.Max(Math.Abs(Number("min")), Math.Abs(Number("max"))), magnitudes = Number("abs_mean") * actual.Length, error = 0;
        void Check(double expected, double got, double scale)
        {
            double relative = expected == got ? 0 : Math.Abs(expected - got) / scale;
            error = double.IsNaN(relative) ? double.PositiveInfinity : Math.Max(error, relative);
        }
        Assert.That(actual, Has.Length.EqualTo(e.GetProperty("shape").EnumerateArray().Aggregate(1, (c, d) => c * d.GetInt32())), tensor);
        double sum = 0, absolute = 0, squares = 0, min = double.PositiveInfinity, max = double.NegativeInfinity;
        foreach (double v in actual)
        {
            sum += v;
            absolute += Math.Abs(v);
            squares += v * v;
            min = Math.Min(min, v);
            max = Math.Max(max, v);
        }
        Check(Number("sum"), sum, magnitudes);
        Check(magnitudes, absolute, magnitudes);
        Check(Number("l2"), Math.Sqrt(squares), Number("l2"));
        Check(Number("min"), min, largest);
        Check(Number("max"), max, largest);
        int k = 0;
        foreach (JsonElement sample in e.GetProperty("samples").EnumerateArray())
            Check(sample.GetDouble(), actual[(2L * k++ + 1) * actual.Length / 32], largest);
        Errors[$"{group}/{tensor}"] = error;
    }

    private static Parameter Find(ParameterSet parameters, string layer, int index) => parameters[$"{layer}.{(index == 0 ? "weight" : "bias")}"];

    private static void Weights(JsonElement p, Parameter to)
    {
        double spread = Math.Sqrt(6.0 / to.FanIn);
        bool isWeight = p.GetProperty("index").GetInt32() == 0;
        to.Write(Hash(to.Count, p.GetProperty("seed").GetUInt32(), u => isWeight ? (2 * u - 1) * spread : 0.1 * (2 * u - 1)));
    }

    private static float[] Hash(int count, uint seed, Func<double, double> map)
    {
        var values = new float[count];
        const int piece = 1 << 16;
        Parallel.For(0, (count + piece - 1) / piece, k =>
        {
            for (int i = k * piece; i < Math.Min(count, (k + 1) * piece); i++)
            {
                uint x = (uint)(i + 1) * 2654435761 + seed * 40503;
                x = (x ^ (x >> 16)) * 0x45d9f3b;
                x = (x ^ (x >> 16)) * 0x45d9f3b;
                values[i] = (float)map((x ^ (x >> 16)) / 4294967296.0);
            }
        });
        return values;
    }
}
