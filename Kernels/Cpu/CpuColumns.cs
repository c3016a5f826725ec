using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The windows of planes as the columns of a matrix: a row for each tap of each channel, a column for each position of the window, a chunk of positions at a
/// time. A convolution multiplies them; a deconvolution makes them and adds them up.
/// </summary>
internal sealed unsafe class CpuColumns
{
    // Floats of the matrix, 1 MiB: it stays in the second or third cache between its writing and its reading.
    private const int MostFloats = 1 << 18;

    private readonly Threads threads;
    private readonly Extent kernel, stride, pad, dilation;
    private readonly Shape planes, positions;
    private readonly int channels;
    private readonly Action<int, int> gather, scatter;

    // The chunk in work.
    private float* image, columns;
    private int first, count;

    /// <param name="kernel">The window.</param>
    /// <param name="stride">Its step.</param>
    /// <param name="pad">Zeros around the planes.</param>
    /// <param name="dilation">Distance of its taps.</param>
    /// <param name="planes">What the window is laid on; of its channels those of one group count.</param>
    /// <param name="positions">Where it is laid: height and width count.</param>
    /// <param name="channels">Of one group.</param>
    /// <param name="threads">Who works.</param>
    public CpuColumns(Extent kernel, Extent stride, Extent pad, Extent dilation, Shape planes, Shape positions, int channels, Threads threads)
    {
        (this.kernel, this.stride, this.pad, this.dilation) = (kernel, stride, pad, dilation);
        (this.planes, this.positions, this.channels, this.threads) = (planes, positions, channels, threads);
        (gather, scatter) = (GatherTap, ScatterChannel);
        Taps = TapsOf(kernel, channels);
        Chunk = ChunkOf(Taps, positions);
    }

    /// <summary>Rows of the matrix.</summary>
    public int Taps { get; }

    /// <summary>Columns of the matrix; the last chunk may have fewer.</summary>
    public int Chunk { get; }

    /// <summary>Floats of the matrix of a chunk.</summary>
    public static long Floats(Extent kernel, int channels, Shape positions) => (long)TapsOf(kernel, channels) * ChunkOf(TapsOf(kernel, channels), positions);

    /// <summary>Writes what the window sees at positions from first on.</summary>
    public void Gather(float* from, float* to, int firstPosition, int positionCount)
    {
        image = from;
        columns = to;
        (first, count) = (firstPosition, positionCount);
        threads.For(Taps, gather);
    }

    /// <summary>Adds the matrix to where <see cref="Gather"/> would take it from, the taps of each channel in their order.</summary>
    public void Scatter(float* from, float* to, int firstPosition, int positionCount)
    {
        image = to;
        columns = from;
        (first, count) = (firstPosition, positionCount);
        threads.For(channels, scatter);
    }

    private static int TapsOf(Extent kernel, int channels) => channels * kernel.Height * kernel.Width;

    private static int ChunkOf(int taps, Shape positions) => Math.Min(positions.Plane, Math.Max(16, MostFloats / taps));

    // One row of the columns: what one tap of one channel sees from each of the chunk's positions.
    private void GatherTap(int worker, int task)
    {
        int window = kernel.Height * kernel.Width;
        (int c, int r, int s) = (task / window, task % window / kernel.Width, task % kernel.Width);
        float* plane = image + (nint)c * planes.Plane, to = columns + (nint)task * count;
        for (int i = first, run; i < first + count; i += run, to += run)
        {
            run = Run(i, r, s, out int h, out int w, out int skip, out int inside);
            new Span<float>(to, skip).Clear();
            new Span<float>(to + skip + inside, run - skip - inside).Clear();
            float* from = plane + (nint)h * planes.Width + w;
            if (stride.Width == 1) new Span<float>(from, inside).CopyTo(new Span<float>(to + skip, inside));
            else for (int q = 0; q < inside; q++) to[skip + q] = from[q * stride.Width];
        }
    }

    private void ScatterChannel(int worker, int task)
    {
        int window = kernel.Height * kernel.Width;
        float* plane = image + (nint)task * planes.Plane, from = columns + (nint)task * window * count;
        for (int tap = 0; tap < window; tap++)
        {
            for (int i = first, run; i < first + count; i += run, from += run)
            {
                run = Run(i, tap / kernel.Width, tap % kernel.Width, out int h, out int w, out int skip, out int inside);
                float* to = plane + (nint)h * planes.Width + w;
                for (int q = 0; q < inside; q++) to[q * stride.Width] += from[skip + q];
            }
        }
    }

    // The positions from i on in one row of them: how many, how many of them the padding hides at the start, how many see the planes,
    // and the row and column (h, w) that the first of these sees.
    private int Run(int i, int r, int s, out int h, out int w, out int skip, out int inside)
    {
        int p = i / positions.Width, q = i % positions.Width, step = stride.Width, run = Math.Min(positions.Width - q, first + count - i);
        h = p * stride.Height - pad.Height + r * dilation.Height;
        w = q * step - pad.Width + s * dilation.Width;
        skip = w < 0 ? Math.Min((step - 1 - w) / step, run) : 0;
        w += skip * step;
        inside = w < planes.Width ? Math.Min((planes.Width - 1 - w) / step + 1, run - skip) : 0;
        if (h >= 0 && h < planes.Height && inside > 0) return run;
        (h, w, skip, inside) = (0, 0, run, 0);
        return run;
    }
}
