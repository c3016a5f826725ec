using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed unsafe class WinogradConvolutionTests
{
    // Layers of the published nets with smaller batches, then sizes that fit nothing.
    private static IEnumerable<TestCaseData> Shapes => new (string Name, ConvolutionShape Shape)[]
    {
        ("CaffeNet conv3", Shape(2, 64, 96, 13, 13)),
        ("CaffeNet conv4", Shape(1, 192, 192, 13, 13, groups: 2)),
        ("CaffeNet conv5", Shape(2, 96, 64, 13, 13, groups: 2)),
        ("VGG conv1_2", Shape(1, 64, 64, 40, 30)),
        ("VGG conv5_1", Shape(1, 256, 256, 6, 6)),
        ("many images of few channels", Shape(9, 16, 16, 31, 31)),
        ("GoogLeNet 3x3", Shape(1, 64, 192, 15, 15)),
        ("GoogLeNet 4b 3x3", Shape(2, 112, 208, 7, 7)),
        ("channels that fill no block", Shape(3, 20, 35, 8, 8)),
        ("three channels", Shape(2, 3, 20, 9, 9)),
        ("one block", Shape(1, 16, 16, 4, 4)),
        ("odd blocks", Shape(2, 48, 80, 10, 11)),
        ("groups of odd blocks", Shape(3, 96, 144, 6, 6, groups: 3)),
        ("a pixel", Shape(1, 16, 16, 1, 1)),
        ("a row", Shape(2, 16, 32, 1, 17)),
        ("a column", Shape(2, 32, 16, 18, 1)),
        ("without padding", Shape(2, 32, 32, 11, 7, pad: 0)),
        ("without padding, one output", Shape(2, 16, 32, 3, 3, pad: 0)),
        ("pad 2", Shape(2, 32, 16, 9, 13, pad: 2)),
        ("pad 3", Shape(1, 16, 32, 6, 5, pad: 3)),
        ("oblong padding", Shape(2, 16, 16, 9, 10) with { PadHeight = 2, PadWidth = 0 }),
        ("sections that one worker does", Shape(2, 96, 16, 44, 43)),
        ("sections that all workers share", Shape(3, 176, 16, 43, 41)),
        ("several ranges of outputs", Shape(1, 512, 192, 5, 6)),
        ("CaffeNet conv2", Shape(1, 96, 64, 27, 27, pad: 2, groups: 2, window: 5)),
        ("GoogLeNet 3a 5x5", Shape(2, 16, 32, 28, 28, pad: 2, window: 5)),
        ("GoogLeNet 5b 5x5", Shape(1, 48, 128, 7, 7, pad: 2, window: 5)),
        ("5×5, channels that fill no block", Shape(3, 20, 35, 8, 9, pad: 2, window: 5)),
        ("5×5, a pixel", Shape(1, 16, 16, 1, 1, pad: 2, window: 5)),
        ("5×5, without padding", Shape(2, 32, 32, 11, 6, pad: 0, window: 5)),
        ("5×5, pad 1", Shape(2, 16, 32, 9, 5, pad: 1, window: 5)),
        ("5×5, pad 4", Shape(2, 32, 16, 5, 8, pad: 4, window: 5)),
        ("5×5, oblong padding", Shape(2, 16, 16, 9, 10, window: 5) with { PadHeight = 3, PadWidth = 0 }),
        ("5×5, sections that part images", Shape(2, 160, 16, 23, 21, pad: 2, window: 5)),
    }.Select(c => new TestCaseData(c.Shape).SetArgDisplayNames(c.Name));

    [TestCaseSource(nameof(Shapes))]
    public void Every_pass_agrees_with_a_double_loop_at_every_width_and_thread_count(object shapeOf)
    {
        var shape = (ConvolutionShape)shapeOf;
        var expected = new NaiveConvolution(shape, seed: 7);
        foreach (VectorWidth width in VectorWidth.Available)
        {
            Passes? single = null;
            foreach (int count in new[] { 1, 2, 3 })
            {
                using var threads = new Threads(count);
                Passes passes = Run(expected, threads, width, relu: false, accumulate: false);
                expected.Check(passes, $"{width}, {count} threads");
                single ??= passes;
                passes.CheckSameBits(single, $"{width}, {count} threads against 1");
            }
        }
    }

    [TestCase(32, 7)]
    [TestCase(16, 33)]
    public void Relu_and_accumulation_happen_where_they_are_asked_for(int channels, int size)
    {
        var expected = new NaiveConvolution(Shape(3, channels, 48, size, size), seed: 3);
        using var threads = new Threads(2);
        foreach (VectorWidth width in VectorWidth.Available)
        {
            Passes plainly = Run(expected, threads, width, relu: false, accumulate: false);
            Passes passes = Run(expected, threads, width, relu: true, accumulate: true);
            Assert.That(passes.Y, Is.EqualTo(plainly.Y.Select(y => Math.Max(y, 0)).ToArray()), $"{width}: y");
            Assert.That(passes.DInput, Is.EqualTo(plainly.DInput!.Select(dx => dx + Poison).ToArray()).Within(1e-5f), $"{width}: dx");
        }
    }

    [Test]
    public void Weights_are_scaled_when_packed_and_gradients_when_added()
    {
        var expected = new NaiveConvolution(Shape(2, 16, 20, 5, 5), seed: 4);
        using var threads = new Threads(2);
        Passes one = Run(expected, threads, VectorWidth.Widest, relu: false, accumulate: false, useBias: false);
        Passes two = Run(expected, threads, VectorWidth.Widest, relu: false, accumulate: false, useBias: false, scale: 2);
        float[] Doubled(float[] values) => [.. values.Select(v => 2 * v)];
        Assert.That(two.Y, Is.EqualTo(Doubled(one.Y)));
        Assert.That(two.DInput, Is.EqualTo(Doubled(one.DInput!)));
        Assert.That(two.DWeight.Select(v => v - Passes.Before), Is.EqualTo(one.DWeight.Select(v => 2 * (v - Passes.Before))).Within(2e-5f));
    }

    // Where a map fits no tile, pixels beyond it are computed and thrown away: not a NaN from there may reach an image.
    [Test]
    public void A_pixel_that_is_not_finite_spoils_only_the_windows_that_see_it()
    {
        ConvolutionShape shape = Shape(1, 16, 16, 9, 9);
        var layout = new HaloLayout(16, 9, 9, 1);
        var x = new float[16 * 81];
        x[0] = float.NaN;
        using var threads = new Threads(1);
        var convolution = new WinogradConvolution(shape, layout, layout, null, null, threads);
        using CpuMemory xMemory = Blocked.From(x, layout, 1), y = Blocked.Filled(layout, 1, 1);
        using CpuMemory packed = new(convolution.ForwardWeightCount), scratch = new(ScratchOf(convolution));
        convolution.Forward(xMemory.Pointer, packed.Pointer, null, y.Pointer, relu: false, scratch.Pointer);
        float[] actual = Blocked.To(y, layout, 1, paddingIsZero: true);
        for (int i = 0; i < actual.Length; i++)
            Assert.That(float.IsNaN(actual[i]), Is.EqualTo(i % 81 / 9 < 4 && i % 9 < 4), $"{i}: in the NaN's tile");
    }

    /// <summary>Largest error relative to the output's root mean square, of both algorithms, on layers of the published nets.</summary>
    [TestCase(256, 48, 13, 3)]
    [TestCase(48, 256, 13, 3)]
    [TestCase(64, 32, 48, 3)]
    [TestCase(128, 64, 28, 3)]
    [TestCase(512, 32, 14, 3)]
    [TestCase(48, 32, 27, 5)]
    [TestCase(32, 48, 28, 5)]
    public void Errors_stay_near_those_of_the_direct_kernel(int inputs, int outputs, int size, int window)
    {
        var expected = new NaiveConvolution(Shape(1, inputs, outputs, size, size, pad: window / 2, window: window), seed: 11);
        using var threads = new Threads(2);
        double[] direct = expected.Errors(DirectConvolutionTests.Run(expected, plain: false, threads, VectorWidth.Widest, relu: false, accumulate: false));
        double[] winograd = expected.Errors(Run(expected, threads, VectorWidth.Widest, relu: false, accumulate: false));
        string[] names = ["y", "dx", "dWeight"];
        for (int i = 0; i < names.Length; i++)
        {
            TestContext.Out.WriteLine($"{window}×{window}, {inputs} → {outputs} at {size}², {names[i],-8} direct {direct[i]:0.0e+00}, winograd {winograd[i]:0.0e+00} of the rms");
            Assert.That(winograd[i], Is.LessThan(4e-5).And.LessThan((window == 3 ? 4 : 6) * direct[i]), names[i]);
        }
    }

    [Test]
    public void Passes_do_not_allocate([Values(16, 96)] int channels)
    {
        ConvolutionShape shape = Shape(2, channels, 32, 40, 40);
        using var threads = new Threads(2);
        HaloLayout x = new(channels, 40, 40, 1), y = new(32, 40, 40, 1);
        var convolution = new WinogradConvolution(shape, x, y, y, x, threads);
        using CpuMemory xs = new(2 * x.Sample), ys = new(2 * y.Sample), weights = new(channels * 32 * 9), scratch = new(ScratchOf(convolution));
        using CpuMemory packed = new(convolution.ForwardWeightCount), back = new(convolution.BackwardWeightCount);
        void Step()
        {
            convolution.PackForward(weights.Pointer, 1, packed.Pointer);
            convolution.PackBackwardData(weights.Pointer, 1, back.Pointer);
            convolution.Forward(xs.Pointer, packed.Pointer, null, ys.Pointer, relu: true, scratch.Pointer);
            convolution.BackwardWeights(xs.Pointer, ys.Pointer, 1, weights.Pointer, scratch.Pointer);
            convolution.BackwardData(ys.Pointer, back.Pointer, xs.Pointer, accumulate: false, scratch.Pointer);
        }

        Assert.That(Allocations.Of(threads, Step, count: 20), Is.Zero);
    }

    [Test]
    public void What_cannot_run_is_refused()
    {
        ConvolutionShape shape = Shape(1, 16, 16, 9, 9);
        Assert.Multiple(() =>
        {
            Assert.That(WinogradConvolution.Supports(shape), Is.True);
            Assert.That(WinogradConvolution.Supports(shape with { StrideWidth = 2 }), Is.False, "a stride");
            Assert.That(WinogradConvolution.Supports(shape with { DilationHeight = 2 }), Is.False, "a dilation");
            Assert.That(WinogradConvolution.Supports(shape with { KernelWidth = 5 }), Is.False, "a wide window");
            Assert.That(WinogradConvolution.Supports(Shape(1, 16, 16, 9, 9, window: 5)), Is.True, "5 × 5");
            Assert.That(WinogradConvolution.Supports(Shape(1, 16, 16, 9, 9, window: 7)), Is.False, "7 × 7");
            Assert.That(WinogradConvolution.Supports(Shape(1, 24, 48, 5, 5, groups: 3)), Is.False, "groups of half blocks");
            Assert.That(WinogradConvolution.Supports(Shape(1, 16, 16, 2, 2, pad: 0)), Is.False, "a window larger than the map");
        });
    }

    private const float Poison = 2.5f;

    private static long ScratchOf(WinogradConvolution c) =>
        Math.Max(c.ForwardScratchCount, Math.Max(c.BackwardDataScratchCount, c.WeightGradientScratchCount));

    private static ConvolutionShape Shape(int batch, int inputs, int outputs, int height, int width, int pad = 1, int groups = 1, int window = 3) =>
        new(batch, inputs, outputs, height, width, window, window)
        {
            Groups = groups,
            PadHeight = pad,
            PadWidth = pad,
        };

    // Halos are wider than asked for, different for each value; whatever a pass must write holds poison before, and so does what lies around
    // each value and the scratch: a read beyond an edge would spoil a sum, a write beyond it is seen.
    private static Passes Run(
        NaiveConvolution c, Threads threads, VectorWidth width, bool relu, bool accumulate, bool useBias = true, float scale = 1)
    {
        ConvolutionShape shape = c.Shape;
        var x = new HaloLayout(shape.Inputs, shape.Height, shape.Width, DirectConvolution.InputHalo(shape));
        var y = new HaloLayout(shape.Outputs, shape.OutputHeight, shape.OutputWidth, 2);
        var dy = y with { Halo = DirectConvolution.OutputGradientHalo(shape) };
        HaloLayout dx = x with { Halo = 1 };
        var convolution = new WinogradConvolution(shape, x, y, dy, dx, threads, width);

        using Guarded xMemory = new(Blocked.From(c.X, x, shape.Batch)), yMemory = new(Blocked.Filled(y, shape.Batch, float.NaN));
        using Guarded dyMemory = new(Blocked.From(c.DOutput, dy, shape.Batch));
        using Guarded dxMemory = new(Blocked.Filled(dx, shape.Batch, accumulate ? Poison : float.NaN));
        using Guarded packed = new(convolution.ForwardWeightCount), back = new(convolution.BackwardWeightCount), scratch = new(ScratchOf(convolution));
        float[] bias = new float[y.Planes * HaloLayout.Block], dWeight = new float[c.Weight.Length], dBias = new float[shape.Outputs];
        c.Bias.CopyTo(bias, 0);
        dWeight.AsSpan().Fill(Passes.Before);
        fixed (float* weight = c.Weight, dWeightPointer = dWeight, dBiasPointer = dBias, biasPointer = bias)
        {
            convolution.PackForward(weight, scale, packed.Pointer);
            convolution.Forward(xMemory.Pointer, packed.Pointer, useBias ? biasPointer : null, yMemory.Pointer, relu, scratch.Pointer);
            scratch.Spoil();
            convolution.BackwardWeights(xMemory.Pointer, dyMemory.Pointer, scale, dWeightPointer, scratch.Pointer);
            scratch.Spoil();
            convolution.PackBackwardData(weight, scale, back.Pointer);
            convolution.BackwardData(dyMemory.Pointer, back.Pointer, dxMemory.Pointer, accumulate, scratch.Pointer);
            new OutputGradient(shape.Batch, y, dy, threads).Apply(null, dyMemory.Pointer, scale, dBiasPointer);
        }
        foreach (Guarded memory in new[] { xMemory, yMemory, dyMemory, dxMemory, packed, back, scratch }) memory.Check();
        for (int o = 0; o < dBias.Length; o++) dBias[o] += Passes.Before;
        using CpuMemory ys = yMemory.Copy(), dxs = dxMemory.Copy();
        return new Passes(
            Blocked.To(ys, y, shape.Batch, paddingIsZero: true), Blocked.To(dxs, dx, shape.Batch, paddingIsZero: !accumulate), dWeight, dBias);
    }

    // Memory with NaN before and behind it.
    private sealed class Guarded : IDisposable
    {
        private const int Guard = 4096;
        private readonly CpuMemory memory;
        private readonly int count;

        public Guarded(long count)
        {
            this.count = (int)count;
            memory = new CpuMemory(count + 2 * Guard);
            Spoil();
        }

        public Guarded(CpuMemory content) : this(content.Count)
        {
            new Span<float>(content.Pointer, count).CopyTo(new Span<float>(Pointer, count));
            content.Dispose();
        }

        public float* Pointer => memory.Pointer + Guard;

        public void Spoil() => new Span<float>(memory.Pointer, (int)memory.Count).Fill(float.NaN);

        public void Check()
        {
            var all = new Span<float>(memory.Pointer, (int)memory.Count);
            float[] around = [.. all[..Guard], .. all[(Guard + count)..]];
            Assert.That(Array.TrueForAll(around, float.IsNaN), "nothing is written outside the memory");
        }

        public CpuMemory Copy()
        {
            var copy = new CpuMemory(count);
            new Span<float>(Pointer, count).CopyTo(new Span<float>(copy.Pointer, count));
            return copy;
        }

        public void Dispose() => memory.Dispose();
    }
}
