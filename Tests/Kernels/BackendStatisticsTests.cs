using EvenNet.Framework;
using EvenNet.Kernels.Cpu;
using EvenNet.Kernels.Reference;

namespace EvenNet.Tests.Kernels;

/// <summary>What the initializers ask a backend for beside layers: the cpu's own way against plain loops in double.</summary>
public sealed class BackendStatisticsTests
{
    /// <summary>A convolution's weight gradients from x, blocked or plain, and errors of some size.</summary>
    public sealed record WeightCase(Convolution Layer, Shape X, Layout Layout, int Rows, int Columns)
    {
        public Shape Dy => new(Layer.Outputs, Rows, Columns);

        public int FanIn => X.Channels / Layer.Groups * Layer.Kernel.Height * Layer.Kernel.Width;

        public override string ToString() => $"{Layer.Outputs} of {Layer.Kernel.Height}×{Layer.Kernel.Width} on {X}, {Layer.Groups} groups, step {Layer.Stride.Height}, errors {Rows}×{Columns}, {Layout.Kind}";
    }

    private static WeightCase[] WeightCases =>
    [
        new(new(16, 3) { Pad = new(1, 1) }, new(16, 9, 7), Layout.Blocked(1), 9, 7),
        new(new(20, 3) { Pad = new(1, 1) }, new(13, 6, 11), Layout.Blocked(), 6, 11),
        new(new(32, 5) { Pad = new(2, 2), Groups = 2 }, new(32, 8, 9), Layout.Blocked(2), 8, 9),
        new(new(48, 1), new(33, 5, 6), Layout.Blocked(), 5, 6),
        new(new(24, 11) { Stride = new(4, 4) }, new(3, 31, 35), Layout.Plain, 6, 7),
        new(new(16, new Extent(3, 5)) { Stride = new(2, 1), Pad = new(1, 2) }, new(19, 11, 8), Layout.Blocked(), 6, 8),
        // As the covariance of patches asks: a wide window over the layer's own input.
        new(new(18, new Extent(3, 5)) { Pad = new(2, 4) }, new(18, 7, 9), Layout.Blocked(1), 7, 9),
    ];

    private static Layout[] Layouts => [Layout.Plain, Layout.Blocked(), Layout.Blocked(2)];

    [Test]
    public void Weight_gradients_are_those_of_plain_loops([ValueSource(nameof(WeightCases))] WeightCase c, [Values] bool squares, [Values(1, 2, 3)] int threads)
    {
        const int Batch = 5, First = 1, Count = 3;
        using var cpu = new CpuBackend(threads);
        Tensor x = Value(cpu, c.Layout, c.X, Batch, 1), dy = Value(cpu, Layout.Blocked(), c.Dy, Batch, 2);
        float[] sums = [.. Enumerable.Range(0, c.Layer.Outputs * c.FanIn).Select(i => i % 7 - 3f)];
        double[] expected = [.. sums];
        for (int n = First; n < First + Count; n++) Add(c, x.ReadExact(n), dy.ReadExact(n), squares, expected);
        Assert.That(cpu.AddWeightGradients(c.Layer, x, dy, First, Count, squares, sums), "the cpu has a kernel for it");
        // Float32 sums of some hundred products.
        Assert.That(sums, Is.EqualTo(expected).Within(3e-6 * expected.Max(Math.Abs)));
        Free(x, dy);
    }

    [Test]
    public void Weight_gradients_are_the_same_bits_with_any_number_of_threads([ValueSource(nameof(WeightCases))] WeightCase c, [Values] bool squares)
    {
        using CpuBackend one = new(1), three = new(3);
        Tensor x = Value(one, c.Layout, c.X, 4, 1), dy = Value(one, Layout.Blocked(), c.Dy, 4, 2);
        float[] alone = new float[c.Layer.Outputs * c.FanIn], shared = new float[alone.Length];
        one.AddWeightGradients(c.Layer, x, dy, 0, 4, squares, alone);
        three.AddWeightGradients(c.Layer, x, dy, 0, 4, squares, shared);
        Assert.That(shared, Is.EqualTo(alone));
        Assert.That(alone, Has.Some.Not.Zero);
        Free(x, dy);
    }

    [Test]
    public void A_backend_without_a_kernel_says_so_and_touches_nothing()
    {
        WeightCase c = WeightCases[0];
        using var reference = new ReferenceBackend();
        using var cpu = new CpuBackend(2);
        Tensor x = Value(reference, Layout.Plain, c.X, 2, 1), dy = Value(reference, Layout.Plain, c.Dy, 2, 2);
        Tensor blocked = Value(cpu, c.Layout, c.X, 2, 1), plain = Value(cpu, Layout.Plain, c.Dy, 2, 2);
        float[] sums = [.. Enumerable.Repeat(5f, c.Layer.Outputs * c.FanIn)];
        Assert.That(reference.AddWeightGradients(c.Layer, x, dy, 0, 2, squares: false, sums), Is.False);
        Assert.That(cpu.AddWeightGradients(c.Layer, blocked, plain, 0, 2, squares: true, sums), Is.False, "errors that are not blocked");
        Assert.That(sums, Is.All.EqualTo(5f));
        Free(x, dy, blocked, plain);
    }

    [Test]
    public void Sums_of_another_size_are_refused()
    {
        WeightCase c = WeightCases[0];
        using var cpu = new CpuBackend(2);
        Tensor x = Value(cpu, c.Layout, c.X, 1, 1), dy = Value(cpu, Layout.Blocked(), c.Dy, 1, 2);
        Assert.That(() => cpu.AddWeightGradients(c.Layer, x, dy, 0, 1, squares: false, new float[7]), Throws.ArgumentException.With.Message.Contains("2304 sums, got 7"));
        Free(x, dy);
    }

    [Test]
    public void Channels_are_scaled_and_shifted_and_nothing_else(
        [ValueSource(nameof(Layouts))] Layout layout, [Values("20×37×41", "18×1×1", "3×5×4")] string size, [Values(1, 3)] int threads)
    {
        Shape shape = size.Split('×') is [var c, var h, var w] ? new(int.Parse(c), int.Parse(h), int.Parse(w)) : throw new FormatException(size);
        using var cpu = new CpuBackend(threads);
        Tensor value = Value(cpu, layout, shape, 3, 1);
        double[] scale = [.. Sample.Normal(new Random(4), shape.Channels)], shift = [.. Sample.Normal(new Random(5), shape.Channels)];
        double[] expected = [.. value.ReadExact().Select((v, i) => scale[i / shape.Plane % shape.Channels] * v + shift[i / shape.Plane % shape.Channels])];
        cpu.ScaleChannels(value, scale, shift);
        Assert.That(value.ReadExact(), Is.EqualTo(expected).Within(2e-6));

        // Borders and channels beyond the last stay zero: kernels rely on both.
        double[] stored = new double[value.Region.Count];
        value.Region.Storage.Read(value.Region.Offset, stored);
        Assert.That(stored.Count(v => v != 0), Is.EqualTo(expected.Count(v => (float)v != 0)));
        Free(value);
    }

    [Test]
    public void The_reference_scales_channels_on_the_host()
    {
        using var reference = new ReferenceBackend();
        var shape = new Shape(5, 3, 2);
        Tensor value = Value(reference, Layout.Plain, shape, 2, 1);
        double[] scale = [1, 2, -3, 0, 0.5], shift = [0, 1, 2, 3, -4];
        double[] expected = [.. value.ReadExact().Select((v, i) => scale[i / shape.Plane % 5] * v + shift[i / shape.Plane % 5])];
        reference.ScaleChannels(value, scale, shift);
        Assert.That(value.ReadExact(), Is.EqualTo(expected).Within(1e-15));
        Free(value);
    }

    [Test]
    public void A_loop_runs_every_turn_once([Values("reference", "cpu")] string name, [Values(1, 2, 3)] int threads, [Values(0, 1, 2, 1000)] int turns)
    {
        using Backend backend = name == "cpu" ? new CpuBackend(threads) : new ReferenceBackend();
        int[] runs = new int[turns];
        backend.For(turns, turn => Interlocked.Increment(ref runs[turn]));
        Assert.That(runs, Is.All.EqualTo(1));
    }

    [Test]
    public void A_loop_inside_a_loop_runs_too([Values(1, 3)] int threads)
    {
        using var cpu = new CpuBackend(threads);
        int[] runs = new int[60];
        cpu.For(6, outer => cpu.For(10, inner => Interlocked.Increment(ref runs[outer * 10 + inner])));
        Assert.That(runs, Is.All.EqualTo(1));
    }

    [Test]
    public void An_error_in_a_loop_comes_out_and_the_next_loop_runs([Values(1, 3)] int threads)
    {
        using var cpu = new CpuBackend(threads);
        Assert.That(() => cpu.For(100, turn => { if (turn == 40) throw new InvalidOperationException("forty"); }), Throws.InvalidOperationException.With.Message.EqualTo("forty"));
        int runs = 0;
        cpu.For(100, _ => Interlocked.Increment(ref runs));
        Assert.That(runs, Is.EqualTo(100));
    }

    private static void Add(WeightCase c, double[] x, double[] dy, bool squares, double[] sums)
    {
        Convolution layer = c.Layer;
        int inputs = c.X.Channels / layer.Groups, outputs = layer.Outputs / layer.Groups, taps = layer.Kernel.Height * layer.Kernel.Width;
        for (int i = 0; i < sums.Length; i++)
        {
            int o = i / c.FanIn, channel = o / outputs * inputs + i % c.FanIn / taps, r = i % taps / layer.Kernel.Width, s = i % layer.Kernel.Width;
            double sum = 0;
            for (int p = 0; p < c.Rows; p++)
                for (int q = 0; q < c.Columns; q++)
                {
                    int h = p * layer.Stride.Height - layer.Pad.Height + r, w = q * layer.Stride.Width - layer.Pad.Width + s;
                    if ((uint)h < (uint)c.X.Height && (uint)w < (uint)c.X.Width) sum += dy[(o * c.Rows + p) * c.Columns + q] * x[(channel * c.X.Height + h) * c.X.Width + w];
                }
            sums[i] += squares ? sum * sum : sum;
        }
    }

    private static Tensor Value(Backend backend, Layout layout, Shape shape, int batch, int seed)
    {
        long count = batch * layout.SampleCount(shape);
        var value = new Tensor(new Region(backend.Allocate(count), 0, count), batch, shape, layout);
        value.Write([.. Sample.Normal(new Random(seed), (int)value.Count).Select(v => (float)v)]);
        return value;
    }

    private static void Free(params Tensor[] tensors)
    {
        foreach (Tensor tensor in tensors) tensor.Region.Storage.Dispose();
    }
}
