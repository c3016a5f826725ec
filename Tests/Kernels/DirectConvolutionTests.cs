using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed unsafe class DirectConvolutionTests
{
    // Layers of the published nets with smaller maps and batches, then sizes that fit nothing.
    private static IEnumerable<TestCaseData> Shapes => new (string Name, ConvolutionShape Shape, bool Plain)[]
    {
        ("CaffeNet conv1", Square(2, 3, 96, 43, kernel: 11, stride: 4), true),
        ("CaffeNet conv2", Square(2, 96, 256, 9, kernel: 5, pad: 2, groups: 2), false),
        ("CaffeNet conv3", Square(1, 256, 384, 5, kernel: 3, pad: 1), false),
        ("CaffeNet conv4", Square(1, 384, 384, 5, kernel: 3, pad: 1, groups: 2), false),
        ("CaffeNet conv5", Square(2, 384, 256, 4, kernel: 3, pad: 1, groups: 2), false),
        ("VGG conv1_1", Square(1, 3, 64, 17, kernel: 3, pad: 1), true),
        ("VGG conv1_2", Square(1, 64, 64, 30, kernel: 3, pad: 1), false),
        ("VGG conv5_1", Square(1, 512, 512, 3, kernel: 3, pad: 1), false),
        ("GoogLeNet conv1", Square(1, 3, 64, 37, kernel: 7, stride: 2, pad: 3), true),
        ("GoogLeNet conv2 reduce", Square(3, 64, 64, 14, kernel: 1), false),
        ("GoogLeNet 3x3", Square(1, 64, 192, 15, kernel: 3, pad: 1), false),
        ("GoogLeNet 5x5", Square(3, 16, 32, 14, kernel: 5, pad: 2), false),
        ("GoogLeNet 4b 3x3", Square(1, 112, 208, 7, kernel: 3, pad: 1), false),
        ("GoogLeNet 4b reduce", Square(1, 512, 24, 7, kernel: 1), false),
        ("channels that fill no block", Square(3, 20, 35, 8, kernel: 3, pad: 1), false),
        ("three blocked channels", Square(2, 3, 20, 9, kernel: 3, pad: 1), false),
        ("groups of odd blocks", Square(3, 96, 144, 6, kernel: 3, pad: 1, groups: 3), false),
        ("stride 2", Square(3, 20, 48, 13, kernel: 3, stride: 2, pad: 1), false),
        ("stride 2, even", Square(1, 48, 16, 12, kernel: 3, stride: 2), false),
        ("pointwise stride 2", Square(3, 16, 32, 9, kernel: 1, stride: 2), false),
        ("stride 3", Square(1, 16, 48, 14, kernel: 5, stride: 3, pad: 2), false),
        ("stride 4, grouped", Square(3, 96, 32, 19, kernel: 7, stride: 4, pad: 3, groups: 2), false),
        ("stride beyond the map", Square(2, 16, 16, 3, kernel: 3, stride: 4, pad: 1), false),
        ("dilation 2", Square(3, 20, 16, 11, kernel: 3, pad: 2) with { DilationHeight = 2, DilationWidth = 2 }, false),
        ("dilation and stride", Square(2, 16, 32, 12, kernel: 3, stride: 2, pad: 3) with { DilationHeight = 2, DilationWidth = 3 }, false),
        ("1×7", new(3, 48, 16, 6, 17, 1, 7) { PadWidth = 3 }, false),
        ("7×1", new(1, 16, 48, 17, 6, 7, 1) { PadHeight = 3 }, false),
        ("oblong strides", new(2, 16, 16, 13, 18, 3, 4) { StrideHeight = 1, StrideWidth = 3, PadHeight = 1, PadWidth = 2 }, false),
        ("padding beyond the window", Square(1, 16, 16, 5, kernel: 1, pad: 2), false),
        ("window as large as the map", Square(2, 16, 20, 6, kernel: 6), false),
        ("plain stride 3", Square(2, 1, 20, 26, kernel: 5, stride: 3, pad: 2), true),
        ("plain dilation", new(2, 4, 16, 15, 19, 3, 5) { DilationHeight = 2, DilationWidth = 3, PadWidth = 4 }, true),
        ("plain wide window", new(1, 2, 32, 4, 40, 3, 17) { StrideWidth = 2 }, true),
    }.Select(c => new TestCaseData(c.Shape, c.Plain).SetArgDisplayNames(c.Name));

    [TestCaseSource(nameof(Shapes))]
    public void Every_pass_agrees_with_a_double_loop_at_every_width_and_thread_count(object shapeOf, bool plain)
    {
        var shape = (ConvolutionShape)shapeOf;
        var expected = new NaiveConvolution(shape, seed: 7);
        foreach (VectorWidth width in VectorWidth.Available)
        {
            Passes? single = null;
            foreach (int count in new[] { 1, 2, 5 })
            {
                using var threads = new Threads(count);
                Passes passes = Run(expected, plain, threads, width, relu: false, accumulate: false);
                expected.Check(passes, $"{width}, {count} threads");
                single ??= passes;
                passes.CheckSameBits(single, $"{width}, {count} threads against 1");
            }
        }
    }

    [Test]
    public void Relu_and_accumulation_happen_where_they_are_asked_for([Values] bool split)
    {
        // 192 × 3 × 3 weights are two chunks of a sum.
        ConvolutionShape shape = Square(2, split ? 192 : 32, 48, 7, kernel: 3, stride: 2, pad: 1);
        var expected = new NaiveConvolution(shape, seed: 3);
        using var threads = new Threads(2);
        foreach (VectorWidth width in VectorWidth.Available)
        {
            Passes plainly = Run(expected, plain: false, threads, width, relu: false, accumulate: false);
            Passes passes = Run(expected, plain: false, threads, width, relu: true, accumulate: true);
            Assert.That(passes.Y, Is.EqualTo(plainly.Y.Select(y => Math.Max(y, 0)).ToArray()), $"{width}: y");
            Assert.That(passes.DInput, Is.EqualTo(plainly.DInput!.Select(dx => dx + Poison).ToArray()).Within(1e-5f), $"{width}: dx");
        }
    }

    [Test]
    public void Weights_are_scaled_when_packed_and_gradients_when_added()
    {
        ConvolutionShape shape = Square(2, 16, 20, 5, kernel: 3, pad: 1);
        var expected = new NaiveConvolution(shape, seed: 4);
        using var threads = new Threads(2);
        Passes one = Run(expected, plain: false, threads, VectorWidth.Widest, relu: false, accumulate: false, useBias: false);
        Passes two = Run(expected, plain: false, threads, VectorWidth.Widest, relu: false, accumulate: false, useBias: false, scale: 2);
        float[] Doubled(float[] values) => [.. values.Select(v => 2 * v)];
        Assert.That(two.Y, Is.EqualTo(Doubled(one.Y)));
        Assert.That(two.DInput, Is.EqualTo(Doubled(one.DInput!)));
        Assert.That(two.DWeight.Select(v => v - Passes.Before), Is.EqualTo(one.DWeight.Select(v => 2 * (v - Passes.Before))).Within(2e-5f));
        Assert.That(two.DBias.Select(v => v - Passes.Before), Is.EqualTo(one.DBias.Select(v => 2 * (v - Passes.Before))).Within(2e-5f));
    }

    [Test]
    public void Passes_do_not_allocate()
    {
        ConvolutionShape shape = Square(2, 32, 32, 9, kernel: 3, stride: 2, pad: 1);
        using var threads = new Threads(2);
        HaloLayout x = new(32, 9, 9, 1), y = new(32, 5, 5, 1), dy = y, dx = x;
        var convolution = new DirectConvolution(shape, x, y, dy, dx, threads);
        var outputGradient = new OutputGradient(2, y, dy, threads);
        using CpuMemory values = new(100_000), packed = new(convolution.ForwardWeightCount), back = new(convolution.BackwardWeightCount);
        using CpuMemory scratch = new(DirectConvolution.GradientScratch(shape, blocked: true, threads)), gradient = new(32 * 32 * 9);
        void Step()
        {
            float* p = values.Pointer;
            convolution.PackForward(gradient.Pointer, 1, packed.Pointer);
            convolution.PackBackwardData(gradient.Pointer, 1, back.Pointer);
            convolution.Forward(p, packed.Pointer, null, p + 25_000, relu: true);
            outputGradient.Apply(p + 25_000, p + 50_000, 1, gradient.Pointer);
            convolution.BackwardWeights(p, p + 50_000, 1, gradient.Pointer, scratch.Pointer);
            convolution.BackwardData(p + 50_000, back.Pointer, p + 75_000, accumulate: false);
        }

        Assert.That(Allocations.Of(threads, Step, count: 20), Is.Zero);
    }

    [TestCase(3, 1, 1, 1, 1, 1)]
    [TestCase(5, 1, 2, 1, 2, 2)]
    [TestCase(3, 1, 0, 1, 0, 2)]
    [TestCase(1, 1, 2, 1, 2, 0)]
    [TestCase(3, 1, 2, 2, 2, 2)]
    [TestCase(3, 2, 1, 1, 1, 1)]    // 12 → 6: one column beyond the last output, none before the first
    [TestCase(11, 4, 0, 1, 0, 2)]   // 12 → 1: the window's 11 columns reach two steps back, the twelfth is read by none
    public void Halos_are_as_wide_as_windows_reach(int kernel, int stride, int pad, int dilation, int input, int gradient)
    {
        ConvolutionShape shape = Square(1, 16, 16, 12, kernel, stride, pad) with { DilationHeight = dilation, DilationWidth = dilation };
        Assert.That(DirectConvolution.InputHalo(shape), Is.EqualTo(input));
        Assert.That(DirectConvolution.OutputGradientHalo(shape), Is.EqualTo(gradient));
    }

    [Test]
    public void What_cannot_run_is_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(DirectConvolution.Supports(Square(1, 24, 48, 5, kernel: 3, groups: 3), blocked: true), Is.False, "groups of half blocks");
            Assert.That(DirectConvolution.Supports(Square(1, 32, 24, 5, kernel: 3, groups: 2), blocked: true), Is.False, "outputs of half blocks");
            Assert.That(DirectConvolution.Supports(Square(1, 16, 16, 2, kernel: 3), blocked: true), Is.False, "a window larger than the map");
            Assert.That(DirectConvolution.Supports(Square(1, 32, 16, 5, kernel: 3), blocked: false), Is.False, "many plain channels");
            Assert.That(DirectConvolution.SupportsBackwardData(Square(1, 3, 16, 5, kernel: 3), blocked: false), Is.False);
        });
        using var threads = new Threads(1);
        ConvolutionShape padded = Square(1, 16, 16, 5, kernel: 3, pad: 1);
        var error = Assert.Throws<ArgumentException>(() => _ = new DirectConvolution(padded, new(16, 5, 5, 0), new(16, 5, 5), null, null, threads));
        Assert.That(error!.Message, Does.Contain("a halo of 1"));
    }

    private const float Poison = 2.5f;

    private static ConvolutionShape Square(int batch, int inputs, int outputs, int size, int kernel, int stride = 1, int pad = 0, int groups = 1) =>
        new(batch, inputs, outputs, size, size, kernel, kernel)
        {
            Groups = groups,
            StrideHeight = stride,
            StrideWidth = stride,
            PadHeight = pad,
            PadWidth = pad,
        };

    // Halos are wider than asked for, different for each value, and whatever a pass must write holds poison before.
    internal static Passes Run(
        NaiveConvolution c, bool plain, Threads threads, VectorWidth width, bool relu, bool accumulate, bool useBias = true, float scale = 1)
    {
        ConvolutionShape shape = c.Shape;
        var x = new HaloLayout(shape.Inputs, shape.Height, shape.Width, DirectConvolution.InputHalo(shape) + 1, plain ? 1 : 16);
        var y = new HaloLayout(shape.Outputs, shape.OutputHeight, shape.OutputWidth, 2);
        var dy = y with { Halo = DirectConvolution.OutputGradientHalo(shape) };
        HaloLayout? dx = plain ? null : x with { Halo = 1 };
        var convolution = new DirectConvolution(shape, x, y, dy, dx, threads, width);

        using CpuMemory xMemory = Blocked.From(c.X, x, shape.Batch), yMemory = Blocked.Filled(y, shape.Batch, float.NaN);
        using CpuMemory dyMemory = Blocked.From(c.DOutput, dy, shape.Batch), dxMemory = Blocked.Filled(dx ?? default, shape.Batch, accumulate ? Poison : float.NaN);
        using CpuMemory packed = new(convolution.ForwardWeightCount), back = new(convolution.BackwardWeightCount);
        using CpuMemory bias = new(convolution.BiasCount), scratch = new(DirectConvolution.GradientScratch(shape, !plain, threads));
        foreach (CpuMemory garbage in new[] { packed, back, scratch }) new Span<float>(garbage.Pointer, (int)garbage.Count).Fill(float.NaN);
        c.Bias.CopyTo(new Span<float>(bias.Pointer, c.Bias.Length));
        float[] dWeight = new float[c.Weight.Length], dBias = new float[shape.Outputs];
        dWeight.AsSpan().Fill(Passes.Before);
        dBias.AsSpan().Fill(Passes.Before);

        fixed (float* weight = c.Weight, dWeightPointer = dWeight, dBiasPointer = dBias)
        {
            convolution.PackForward(weight, scale, packed.Pointer);
            convolution.Forward(xMemory.Pointer, packed.Pointer, useBias ? bias.Pointer : null, yMemory.Pointer, relu);
            convolution.BackwardWeights(xMemory.Pointer, dyMemory.Pointer, scale, dWeightPointer, scratch.Pointer);
            new OutputGradient(shape.Batch, y, dy, threads).Apply(null, dyMemory.Pointer, scale, dBiasPointer);
            if (dx is not null)
            {
                convolution.PackBackwardData(weight, scale, back.Pointer);
                convolution.BackwardData(dyMemory.Pointer, back.Pointer, dxMemory.Pointer, accumulate);
            }
        }
        return new Passes(
            Blocked.To(yMemory, y, shape.Batch, paddingIsZero: true),
            dx is { } layout ? Blocked.To(dxMemory, layout, shape.Batch, paddingIsZero: !accumulate) : null,
            dWeight, dBias);
    }
}
