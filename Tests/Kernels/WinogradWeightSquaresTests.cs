using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

/// <summary>Squares of single images' weight gradients by Winograd's products, against plain loops in double.</summary>
public sealed unsafe class WinogradWeightSquaresTests
{
    // Bytes of a section: all images together, one by one, and pieces of one.
    private static IEnumerable<TestCaseData> Cases => new (string Name, ConvolutionShape Shape, long SectionBytes)[]
    {
        ("several images a section", Shape(5, 48, 32, 14, 14), 10 << 20),
        ("one image a section", Shape(3, 32, 48, 13, 15), 1),
        ("pieces of images", Shape(2, 32, 20, 30, 29), 200_000),
        ("groups", Shape(4, 64, 96, 13, 13, groups: 2), 400_000),
        ("channels that fill no block", Shape(3, 35, 20, 17, 9), 300_000),
        ("without padding", Shape(3, 16, 64, 12, 19, pad: 0), 100_000),
        ("many inputs", Shape(2, 320, 32, 14, 14), 10 << 20),
        ("5×5", Shape(3, 24, 64, 14, 14, pad: 2, window: 5), 500_000),
        ("5×5, groups", Shape(2, 96, 64, 9, 11, pad: 2, groups: 2, window: 5), 100_000),
    }.Select(c => new TestCaseData(c.Shape, c.SectionBytes).SetArgDisplayNames(c.Name));

    [TestCaseSource(nameof(Cases))]
    public void Squares_are_those_of_plain_loops_at_every_width_and_thread_count(object shapeOf, long sectionBytes)
    {
        var shape = (ConvolutionShape)shapeOf;
        var random = new Random(5);
        HaloLayout xLayout = new(shape.Inputs, shape.Height, shape.Width, shape.PadHeight), dyLayout = new(shape.Outputs, shape.OutputHeight, shape.OutputWidth, 1);
        using CpuMemory x = Values(xLayout, shape.Batch, random), dy = Values(dyLayout, shape.Batch, random);
        double[] expected = Expected(shape, xLayout, x, dyLayout, dy);
        foreach (VectorWidth width in VectorWidth.Available)
        {
            float[]? alone = null;
            foreach (int count in new[] { 1, 2, 3 })
            {
                using var threads = new Threads(count);
                var kernel = new WinogradWeightSquares(shape, xLayout, dyLayout, threads, width, sectionBytes);
                using var scratch = new CpuMemory(kernel.ScratchCount);
                new Span<float>(scratch.Pointer, (int)kernel.ScratchCount).Fill(float.NaN);
                float[] squares = new float[expected.Length];
                squares.AsSpan().Fill(1);
                fixed (float* target = squares) kernel.Add(x.Pointer, dy.Pointer, target, scratch.Pointer);
                // Twice the rounding of a direct product's sums of some hundred terms, and squared.
                Assert.That(squares, Is.EqualTo(expected.Select(e => e + 1)).Within(2e-5 * expected.Max()), $"{width}, {count} threads");
                alone ??= squares;
                Assert.That(squares, Is.EqualTo(alone), $"{width}, {count} threads against 1");
            }
        }
    }

    [Test]
    public void Small_maps_and_errors_of_another_size_are_left_to_the_direct_kernel()
    {
        Assert.That(WinogradWeightSquares.Pays(Shape(1, 160, 320, 14, 14), new HaloLayout(320, 14, 14)));
        Assert.That(WinogradWeightSquares.Pays(Shape(1, 160, 320, 7, 7), new HaloLayout(320, 7, 7)), Is.False);
        Assert.That(WinogradWeightSquares.Pays(Shape(1, 160, 320, 14, 14), new HaloLayout(320, 13, 14)), Is.False);
        Assert.That(WinogradWeightSquares.Pays(Shape(1, 16, 16, 14, 14), new HaloLayout(16, 14, 14)), Is.False);
    }

    private static ConvolutionShape Shape(int batch, int inputs, int outputs, int height, int width, int pad = 1, int groups = 1, int window = 3) =>
        ConvolutionShape.Of(new(outputs, window) { Pad = new(pad, pad), Groups = groups }, batch, new(inputs, height, width));

    // Zero in the halo and in the lanes beyond the last channel.
    private static CpuMemory Values(HaloLayout layout, int batch, Random random)
    {
        var memory = new CpuMemory(batch * layout.Sample);
        for (int n = 0; n < batch; n++)
            for (int c = 0; c < layout.Channels; c++)
                for (int h = 0; h < layout.Height; h++)
                    for (int w = 0; w < layout.Width; w++) *At(layout, memory, n, c, h, w) = (float)(2 * random.NextDouble() - 1);
        return memory;
    }

    private static float* At(HaloLayout layout, CpuMemory memory, int n, int c, int h, int w) =>
        memory.Pointer + n * layout.Sample + layout.At(c / HaloLayout.Block, h, w) + c % HaloLayout.Block;

    private static double[] Expected(ConvolutionShape shape, HaloLayout xLayout, CpuMemory x, HaloLayout dyLayout, CpuMemory dy)
    {
        int inputs = shape.Inputs / shape.Groups, outputs = shape.Outputs / shape.Groups, window = shape.KernelWidth;
        double[] squares = new double[shape.Outputs * shape.FanIn];
        Parallel.For(0, squares.Length, i =>
        {
            int o = i / shape.FanIn, c = o / outputs * inputs + i % shape.FanIn / shape.Window, r = i % shape.Window / window, s = i % window;
            for (int n = 0; n < shape.Batch; n++)
            {
                double sum = 0;
                for (int p = 0; p < shape.OutputHeight; p++)
                    for (int q = 0; q < shape.OutputWidth; q++)
                    {
                        int h = p + r - shape.PadHeight, w = q + s - shape.PadWidth;
                        if ((uint)h < (uint)shape.Height && (uint)w < (uint)shape.Width) sum += (double)*At(dyLayout, dy, n, o, p, q) * *At(xLayout, x, n, c, h, w);
                    }
                squares[i] += sum * sum;
            }
        });
        return squares;
    }
}
