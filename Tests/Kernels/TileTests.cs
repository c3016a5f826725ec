using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed unsafe class TileTests
{
    internal static IEnumerable<VectorWidth> Widths => VectorWidth.Available;

    [Test]
    public void Every_tile_agrees_with_a_double_loop(
        [ValueSource(nameof(Widths))] object width, [Values(1, 2)] int blocks, [Values(1, 2, 3, 4, 16, 32)] int stride)
    {
        var vector = (VectorWidth)width;
        for (int rows = 1; rows <= vector.TileRows; rows++)
            for (int variant = 0; variant < 8; variant++)
                Check(vector, rows, blocks, stride, accumulate: (variant & 1) != 0, relu: (variant & 2) != 0, bias: (variant & 4) != 0);
    }

    // Odd taps, lengths, steps and gaps; the sum is small enough for 1e-5 to be some tens of float roundings.
    private static void Check(VectorWidth width, int rows, int blocks, int stride, bool accumulate, bool relu, bool bias)
    {
        const int taps = 5, length = 7, step = 3, gap = 13, resultRow = 21, resultBlock = 601;
        const int weightBlock = taps * (length * 16 + gap) + 3;
        var random = new Random(rows * 100 + stride);
        using CpuMemory source = Random(random, 4000), weight = Random(random, 2 * weightBlock), y = Random(random, 1200), b = Random(random, 32);
        long* offsets = stackalloc long[taps] { 40, 7, 0, 333, 91 };
        float[] before = new Span<float>(y.Pointer, 1200).ToArray();

        var work = new TileWork
        {
            Source = source.Pointer,
            Offsets = offsets,
            Taps = taps,
            Length = length,
            Step = step,
            Stride = stride,
            Weight = weight.Pointer,
            WeightBlock = weightBlock,
            WeightGap = gap,
            Result = y.Pointer,
            ResultRow = resultRow,
            ResultBlock = resultBlock,
            Bias = bias ? b.Pointer : null,
            Accumulate = accumulate,
            Relu = relu,
        };
        Tiles.Of(width, blocks, stride)[rows](&work);

        float[] expected = [.. before];
        for (int i = 0; i < rows; i++)
            for (int o = 0; o < 16 * blocks; o++)
            {
                int at = i * resultRow + o / 16 * resultBlock + o % 16;
                double sum = (bias ? b.Pointer[o] : 0) + (accumulate ? before[at] : 0);
                for (int t = 0; t < taps; t++)
                    for (int k = 0; k < length; k++)
                        sum += (double)source.Pointer[offsets[t] + k * step + i * stride]
                            * weight.Pointer[o / 16 * weightBlock + t * (length * 16 + gap) + k * 16 + o % 16];
                expected[at] = (float)(relu ? Math.Max(sum, 0) : sum);
            }
        Assert.That(new Span<float>(y.Pointer, 1200).ToArray(), Is.EqualTo(expected).Within(1e-5),
            $"{width}, {rows} rows × {blocks} blocks, stride {stride}, accumulate {accumulate}, relu {relu}, bias {bias}");
    }

    [Test]
    public void Relu_passes_on_what_is_not_a_number([ValueSource(nameof(Widths))] object width)
    {
        using CpuMemory source = new(64), weight = new(32), y = new(64);
        source.Pointer[0] = float.NaN;
        weight.Pointer[3] = 1;
        long offset = 0;
        var work = new TileWork
        {
            Source = source.Pointer,
            Offsets = &offset,
            Taps = 1,
            Length = 1,
            Step = 1,
            Stride = 16,
            Weight = weight.Pointer,
            WeightBlock = 16,
            Result = y.Pointer,
            ResultRow = 16,
            ResultBlock = 32,
            Relu = true,
        };
        Tiles.Of((VectorWidth)width, 2, 16)[1](&work);
        Assert.That(y.Pointer[3], Is.NaN);
    }

    private static CpuMemory Random(Random random, long count)
    {
        var memory = new CpuMemory(count);
        for (long i = 0; i < count; i++) memory.Pointer[i] = random.NextSingle() - 0.5f;
        return memory;
    }
}
