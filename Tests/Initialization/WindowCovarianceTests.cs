using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Mean and covariance of patches from products at a distance, against those of the patches themselves.</summary>
public sealed class WindowCovarianceTests
{
    private const int Batch = 5;

    /// <summary>A layer whose patches are looked at.</summary>
    public sealed record Geometry(string Name, Func<Node, Node> Layer, int Channels = 20, int Height = 9, int Width = 8)
    {
        public override string ToString() => Name;
    }

    private static Geometry[] Geometries =>
    [
        new("3×3 pad 1", x => x.Convolution("c", 6, 3, pad: 1)),
        new("3×3", x => x.Convolution("c", 6, 3)),
        new("3×3 pad 2", x => x.Convolution("c", 6, 3, pad: 2)),
        new("5×5 pad 2, 2 groups", x => x.Convolution("c", 32, 5, pad: 2, groups: 2), Channels: 32),
        new("5×5 pad 1", x => x.Convolution("c", 4, 5, pad: 1)),
        new("5×5 pad 2 on little", x => x.Convolution("c", 4, 5, pad: 2), Height: 4, Width: 3),
        new("1×1", x => x.Convolution("c", 6, 1)),
        new("2×3 pad 0×2", x => x.Convolution("c", 6, new(2, 3), pad: new Extent(0, 2))),
        new("3×1 pad 1×0", x => x.Convolution("c", 6, new(3, 1), pad: new Extent(1, 0)), Channels: 16),
        new("many rows", x => x.Convolution("c", 6, 3, pad: 1), Channels: 16, Height: 70, Width: 60),
    ];

    [Test]
    public void They_are_those_of_the_patches_cut_out([ValueSource(nameof(Geometries))] Geometry geometry, [Values(1, 2)] int threads)
    {
        using var looked = new Looked(geometry, "cpu", threads);
        Patches patches = looked.Patches;
        WindowCovariance? window = WindowCovariance.Of(looked.Backend, patches, CancellationToken.None);
        Assert.That(window, Is.Not.Null);
        for (int g = 0; g < patches.Groups; g++)
        {
            (double[] mean, double[] covariance) = window!.Values(g);
            var plain = new Covariance(new Arithmetic(looked.Backend.Gemm), patches.Dimensions);
            patches.ForEach(g, 500, (rows, count) => plain.Add(rows.AsMemory(0, count * patches.Dimensions)));
            double[] expected = plain.Values();
            double largest = expected.Max(Math.Abs);
            Assert.Multiple(() =>
            {
                Assert.That(mean, Is.EqualTo(plain.Mean()).Within(1e-6));
                Assert.That(covariance.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), Is.LessThan(2e-6 * largest), $"group {g}");
            });
        }
    }

    [Test]
    public void The_number_of_threads_changes_no_bit([ValueSource(nameof(Geometries))] Geometry geometry)
    {
        using Looked one = new(geometry, "cpu", 1), three = new(geometry, "cpu", 3);
        for (int g = 0; g < one.Patches.Groups; g++)
        {
            (double[] mean, double[] covariance) = WindowCovariance.Of(one.Backend, one.Patches, CancellationToken.None)!.Values(g);
            (double[] otherMean, double[] otherCovariance) = WindowCovariance.Of(three.Backend, three.Patches, CancellationToken.None)!.Values(g);
            Assert.That((otherMean, otherCovariance), Is.EqualTo((mean, covariance)));
        }
    }

    [Test]
    public void Other_windows_and_backends_are_left_to_the_patches()
    {
        foreach (Geometry geometry in new Geometry[]
                 {
                     new("stride", x => x.Convolution("c", 6, 3, stride: 2)), new("dilation", x => x.Convolution("c", 6, 3, dilation: 2)),
                     new("pad", x => x.Convolution("c", 6, 3, pad: 3)), new("inner product", x => x.InnerProduct("c", 6)),
                     new("odd groups", x => x.Convolution("c", 10, 3, groups: 5)),
                 })
        {
            using var looked = new Looked(geometry, "cpu", 1);
            Assert.That(WindowCovariance.Of(looked.Backend, looked.Patches, CancellationToken.None), Is.Null, geometry.Name);
        }
        using var reference = new Looked(Geometries[0], "reference", 1);
        Assert.That(WindowCovariance.Of(reference.Backend, reference.Patches, CancellationToken.None), Is.Null);
    }

    // A plan whose layer's input, rectified and so of a mean other than zero, is there.
    private sealed class Looked : IDisposable
    {
        private readonly ParameterSet parameters;
        private readonly Net net;

        public Looked(Geometry geometry, string device, int threads)
        {
            Node node = geometry.Layer(Node.Input("data", 3, geometry.Height, geometry.Width).Convolution("below", geometry.Channels, 3, pad: 1).Relu());
            Backend = Backends.Open(device, threads);
            parameters = new ParameterSet(Graph.Of(node), Backend);
            new MsraInit().Apply(parameters, seed: 2);
            net = new Net(parameters, Batch, new() { Fuse = false, Backward = false });
            net.Load(parameters.Graph["data"], Pictures.For(parameters.Graph, Batch));
            net.ForwardThrough(node.Inputs[0], Phase.Test);
            net.ForwardInputs(node, Phase.Test);
            Patches = new Patches(Backend, net.InputOf(node), node);
        }

        public Backend Backend { get; }

        public Patches Patches { get; }

        public void Dispose()
        {
            net.Dispose();
            parameters.Dispose();
            Backend.Dispose();
        }
    }
}
