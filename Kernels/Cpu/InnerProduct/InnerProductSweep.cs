using System.Numerics;
using System.Runtime.CompilerServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Up to a few dozen samples. A task is a strip of columns. It goes down the rows in blocks that the second cache holds: packs the block
/// for dx, then makes the tiles of dW; meanwhile, line by line between the multiplications, what comes next is fetched.
/// </summary>
internal sealed unsafe class InnerProductSweep : InnerProductBackward
{
    // Tiles of a block of rows, and columns of a strip: a block of W, its copy, and a block of gradients or momenta are 170 KiB.
    private const int BlockTiles = 4, MostStrip = 256, LeastStrip = 64;

    private readonly GemmTiles tiles;
    private readonly Action<int, int> pack, sweep;
    private readonly int sampleRows, sampleGroups;        // rows of a tile of dx, and such tiles for all samples
    private readonly int tileRows, blockRows, strip;
    private readonly CpuMemory packed, scratch;
    private readonly long scratchSize;

    public InnerProductSweep(int samples, int inputs, int outputs, Threads threads, VectorWidth width)
        : base(samples, inputs, outputs, threads)
    {
        (pack, sweep) = (Pack, Sweep);
        tiles = GemmTiles.For(width);
        sampleGroups = Parts(samples, tiles.Rows);
        sampleRows = Parts(samples, sampleGroups);
        tileRows = tiles.Rows;
        blockRows = BlockTiles * tileRows;
        strip = MostStrip;
        while (strip > LeastStrip && Parts(inputs, strip) < 2 * threads.Count) strip /= 2;
        packed = new CpuMemory(SampleMajor + (long)Parts(outputs, tileRows) * tileRows * samples);
        scratchSize = SumsCount + SamplesCount + BlockCount + tileRows * tiles.Columns;
        scratch = new CpuMemory(threads.Count * scratchSize);
    }

    // dy by groups of samples, [group][output][sample], and behind it by tiles of outputs, [tile][sample][output].
    private long SampleMajor => (long)sampleGroups * sampleRows * outputs;

    private int SumsCount => sampleGroups * sampleRows * strip;

    private int SamplesCount => samples * strip;

    private int BlockCount => blockRows * strip;

    /// <inheritdoc/>
    public override void Dispose()
    {
        packed.Dispose();
        scratch.Dispose();
    }

    protected override void Run()
    {
        threads.For(Parts(outputs, blockRows), pack);
        threads.For(Parts(inputs, strip), sweep);
    }

    private void Pack(int worker, int task)
    {
        int first = task * blockRows, end = Math.Min(first + blockRows, outputs);
        for (int group = 0; group < sampleGroups; group++)
        {
            float* to = packed.Pointer + (long)group * sampleRows * outputs + (long)first * sampleRows;
            int n0 = group * sampleRows, count = Math.Min(sampleRows, samples - n0);
            for (int o = first; o < end; o++, to += sampleRows)
                for (int i = 0; i < sampleRows; i++) to[i] = i < count ? dy[(long)(n0 + i) * outputs + o] : 0;
        }
        float* tile = packed.Pointer + SampleMajor + (long)first * samples;
        for (int o = first; o < end; o += tileRows)
            for (int n = 0; n < samples; n++, tile += tileRows)
                for (int i = 0; i < tileRows; i++) tile[i] = o + i < outputs ? dy[(long)n * outputs + o + i] : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sweep(int worker, int task)
    {
        int first = task * strip, columns = Math.Min(strip, inputs - first), wide = tiles.Columns, parts = Parts(columns, wide);
        float* sums = scratch.Pointer + worker * scratchSize, ownSamples = sums + SumsCount, block = ownSamples + SamplesCount, tile = block + BlockCount;
        bool update = step.Momenta != null, learns = update || gradient != null;
        float* target = update ? step.Momenta : gradient;
        if (learns) GemmTiles.Copy(x + first, inputs, columns, wide, samples, ownSamples, samples * wide);
        if (dx != null) new Span<float>(sums, SumsCount).Clear();
        for (int top = 0; top < outputs; top += blockRows)
        {
            int rows = Math.Min(blockRows, outputs - top);
            long at = (long)top * inputs + first;
            if (dx != null)
            {
                GemmTiles.Copy(weight + at, inputs, columns, wide, rows, block, rows * wide);
                for (int part = 0; part < parts; part++)
                {
                    for (int group = 0; group < sampleGroups; group++)
                    {
                        // First what the tiles of dW will meet, then the next block.
                        float* gradients = packed.Pointer + (long)group * sampleRows * outputs + (long)top * sampleRows;
                        float* ahead = (group > 0 ? weight + at + (long)blockRows * inputs : learns ? target + at : weight + at) + part * wide;
                        tiles.Multiply(
                            sampleRows, rows, gradients, block + part * rows * wide, sums + group * sampleRows * strip + part * wide, strip, 1, accumulate: true,
                            ahead, inputs);
                    }
                }
            }
            if (!learns) continue;
            for (int o = 0; o < rows; o += tileRows)
            {
                int valid = Math.Min(tileRows, rows - o);
                for (int part = 0; part < parts; part++)
                {
                    int here = Math.Min(wide, columns - part * wide);
                    long place = at + (long)o * inputs + part * wide;
                    tiles.Multiply(
                        tileRows, samples, packed.Pointer + SampleMajor + (long)(top + o) * samples, ownSamples + part * samples * wide, tile, wide, scale, accumulate: false,
                        sampleGroups > 1 ? weight + place : weight + place + (long)blockRows * inputs, inputs);
                    for (int r = 0; r < valid; r++, place += inputs)
                    {
                        if (update) step.Apply(weight + place, tile + r * wide, step.Momenta + place, here);
                        else Add(tile + r * wide, gradient + place, here);
                    }
                }
            }
        }
        if (dx == null) return;
        for (int n = 0; n < samples; n++)
        {
            float* from = sums + n * strip, to = dx + (long)n * inputs + first;
            for (int i = 0; i < columns; i++) to[i] = accumulate ? to[i] + scale * from[i] : scale * from[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* from, float* to, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            (Vector.Load(to + i) + Vector.Load(from + i)).Store(to + i);
        for (; i < count; i++) to[i] += from[i];
    }
}
