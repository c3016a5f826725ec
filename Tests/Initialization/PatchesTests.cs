using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class PatchesTests
{
    private const int Batch = 3;

    /// <summary>A layer whose patches are looked at.</summary>
    public sealed record Geometry(string Name, Func<Node> Node)
    {
        public override string ToString() => Name;
    }

    private static Node Data(int channels, int height, int width) => Node.Input("data", channels, height, width);

    private static Geometry[] Geometries =>
    [
        new("3×3", () => Data(4, 7, 6).Convolution("c", 6, 3)),
        new("3×3 pad 1", () => Data(4, 7, 5).Convolution("c", 6, 3, pad: 1)),
        new("11×11 stride 4", () => Data(3, 27, 31).Convolution("c", 5, 11, stride: 4)),
        new("5×5 pad 2, 2 groups", () => Data(32, 9, 8).Convolution("c", 16, 5, pad: 2, groups: 2)),
        new("depthwise, 7 groups", () => Data(7, 6, 6).Convolution("c", 14, 3, pad: 1, groups: 7)),
        new("stride 3, pad 2, dilation 2", () => Data(5, 17, 15).Convolution("c", 4, 3, stride: 3, pad: 2, dilation: 2)),
        new("2×5, stride 1×3, pad 0×2", () => Data(3, 6, 11).Convolution("c", 4, new(2, 5), stride: new Extent(1, 3), pad: new Extent(0, 2))),
        new("5×2, stride 2×1, pad 3×0, dilation 1×3, 2 groups", () =>
            Data(4, 8, 9).Convolution("c", 6, new(5, 2), stride: new Extent(2, 1), pad: new Extent(3, 0), dilation: new Extent(1, 3), groups: 2)),
        new("1×1", () => Data(19, 5, 7).Convolution("c", 20, 1)),
        new("1×1 stride 2", () => Data(16, 7, 9).Convolution("c", 16, 1, stride: 2)),
        new("1×1 pad 1", () => Data(3, 4, 3).Convolution("c", 16, 1, pad: 1)),
        new("window of the whole padded plane", () => Data(3, 5, 4).Convolution("c", 8, new(7, 6), pad: 1)),
        new("inner product", () => Data(5, 3, 4).InnerProduct("f", 7)),
        new("inner product of an inner product", () => Data(5, 3, 4).InnerProduct("e", 33).InnerProduct("f", 7)),
        new("on a blocked value", () => Data(3, 9, 9).Convolution("b", 20, 3, pad: 1).Relu().Convolution("c", 18, 3, stride: 2, pad: 1)),
    ];

    [Test]
    public void Weights_times_a_patch_are_the_layers_own_response(
        [ValueSource(nameof(Geometries))] Geometry geometry, [Values("reference", "cpu")] string device)
    {
        using var looked = new Looked(geometry, device);
        (Node node, Patches patches) = (looked.Node, looked.Patches);
        double[] response = looked.Net[node].ReadExact();
        float[] weights = looked.Net.Parameters.Weight(node).Read();
        int outputs = node.Shape.Channels / patches.Groups, plane = node.Shape.Plane;
        double[] products = new double[response.Length];
        for (int g = 0; g < patches.Groups; g++)
        {
            float[] rows = patches.Choose(g, [.. Enumerable.Range(0, (int)patches.Rows)]);
            for (int row = 0; row < patches.Rows; row++)
            {
                for (int o = g * outputs; o < (g + 1) * outputs; o++)
                {
                    double sum = 0;
                    for (int i = 0; i < patches.Dimensions; i++) sum += (double)weights[o * patches.Dimensions + i] * rows[row * patches.Dimensions + i];
                    products[(row / plane * node.Shape.Channels + o) * plane + row % plane] = sum;
                }
            }
        }
        // The reference sums in double too; a patch below another layer was rounded to float. The cpu sums in float.
        double tolerance = device == "cpu" ? 1e-5 : node.Inputs[0].Layer is Input ? 1e-13 : 1e-6;
        Assert.That(Sample.RelativeError(response, products), Is.LessThan(tolerance));
    }

    [Test]
    public void Every_limit_hands_out_the_same_rows_in_order(
        [ValueSource(nameof(Geometries))] Geometry geometry, [Values(1, 7, 64, 100_000)] int limit)
    {
        using var looked = new Looked(geometry, "cpu");
        Patches patches = looked.Patches;
        for (int g = 0; g < patches.Groups; g++)
        {
            var counts = new List<int>();
            var rows = new List<float>();
            patches.ForEach(g, limit, (some, count) =>
            {
                counts.Add(count);
                rows.AddRange(some.AsSpan(0, count * patches.Dimensions));
            });
            Assert.That(counts.SkipLast(1), Is.All.EqualTo(limit));
            Assert.That(counts.Sum(), Is.EqualTo(patches.Rows));
            Assert.That(rows, Is.EqualTo(patches.Choose(g, [.. Enumerable.Range(0, (int)patches.Rows)])), $"group {g}");
        }
    }

    [Test]
    public void Chosen_rows_are_those_of_their_numbers([ValueSource(nameof(Geometries))] Geometry geometry)
    {
        using var looked = new Looked(geometry, "cpu");
        Patches patches = looked.Patches;
        int[] chosen = new Philox(1, RandomPurpose.Patches).Choose(((int)patches.Rows + 1) / 2, (int)patches.Rows, sorted: true);
        int g = patches.Groups - 1;
        float[] all = patches.Choose(g, [.. Enumerable.Range(0, (int)patches.Rows)]), some = patches.Choose(g, chosen);
        for (int i = 0; i < chosen.Length; i++)
        {
            Assert.That(
                some.AsSpan(i * patches.Dimensions, patches.Dimensions).SequenceEqual(all.AsSpan(chosen[i] * patches.Dimensions, patches.Dimensions)),
                $"row {chosen[i]}");
        }
    }

    [Test]
    public void Rows_are_output_positions_and_dimensions_the_fan_in_of_a_group([ValueSource(nameof(Geometries))] Geometry geometry)
    {
        using var looked = new Looked(geometry, "reference");
        (Node node, Patches patches) = (looked.Node, looked.Patches);
        Assert.Multiple(() =>
        {
            Assert.That(patches.RowsPerSample, Is.EqualTo(node.Shape.Height * node.Shape.Width));
            Assert.That(patches.Rows, Is.EqualTo(Batch * node.Shape.Height * node.Shape.Width));
            Assert.That(patches.Dimensions, Is.EqualTo(node.ParameterSpecs[0].FanIn));
            Assert.That(patches.Groups, Is.EqualTo(((IAffine)node.Layer).Groups));
        });
    }

    // A plan that has just run the layer with random weights and no bias.
    private sealed class Looked : IDisposable
    {
        private readonly Backend backend;
        private readonly ParameterSet parameters;

        public Looked(Geometry geometry, string device)
        {
            Node = geometry.Node();
            backend = Backends.Open(device, threads: 2);
            parameters = new ParameterSet(Graph.Of(Node), backend);
            var random = new Random(3);
            foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight"))
                p.Write([.. Sample.Normal(random, p.Count).Select(v => (float)v)]);
            Net = new Net(parameters, Batch, new() { Fuse = false, Backward = false });
            Net.Load(parameters.Graph["data"], Sample.Normal(random, Batch * parameters.Graph["data"].Shape.Count));
            Net.ForwardThrough(Node.Inputs[0], Phase.Test);
            Net.ForwardInputs(Node, Phase.Test);
            Patches = new Patches(backend, Net.InputOf(Node), Node);
            Net.Forward(Node, Phase.Test);
        }

        public Node Node { get; }

        public Net Net { get; }

        public Patches Patches { get; }

        public void Dispose()
        {
            Net.Dispose();
            parameters.Dispose();
            backend.Dispose();
        }
    }
}
