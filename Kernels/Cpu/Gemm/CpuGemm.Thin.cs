using System.Runtime.CompilerServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Few rows (samples) against a large B that is read in place, once, six of its rows at a time.
/// B transposed, x · Wᵀ: dot products. B as it is, dy · W: each row of C is a combination of B's rows.
/// While the samples pass over six rows, the next six are fetched.
/// </summary>
internal sealed unsafe partial class CpuGemm
{
    private const int Streams = GemmTiles.Streams;

    // Six rows of B's block of k stay in the first cache (24 KiB); A's block, at most 192 KiB, in the second.
    private const int DotDepth = 1024;

    // Six rows and the sums of a strip of C, at most 40 KiB, stay in the first cache while all of B's rows pass.
    private const int StripFloats = 10 * 1024, MostStrip = 2048;

    private const int ScratchFloats = 16 * 1024;

    private readonly CpuMemory workers;
    private int rowsPerTask, strip;

    /// <summary>Scratch of one worker: a whole packed tile, or a thin path's sums, factors and row of zeros.</summary>
    private float* Scratch(int worker) => workers.Pointer + (nint)worker * ScratchFloats;

    private void DotProducts()
    {
        // At least 16 tasks a thread where there are rows enough, in whole groups of rows.
        rowsPerTask = EvenPart(n, Math.Clamp(n / (16 * threads.Count), Streams, 96), Streams);
        depth = EvenPart(k, DotDepth, unit: 64);
        threads.For(Parts(n, rowsPerTask), dotRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DotRows(int worker, int task)
    {
        float* sums = Scratch(worker);
        int j0 = task * rowsPerTask, j1 = Math.Min(j0 + rowsPerTask, n), most = tiles.Samples, groups = Parts(m, most);
        bool add = accumulate;
        for (int first = 0; first < k; first += depth, add = true)
        {
            int length = Math.Min(depth, k - first), rest = length % tiles.Lanes;
            for (int j = j0; j < j1; j += Streams)
            {
                int streams = Math.Min(Streams, j1 - j);
                float* w = b + j * bColumn + first;
                for (int g = 0; g < groups; g++)
                {
                    int s = g * most, samples = Math.Min(most, m - s);
                    float* x = a + s * aRow + first;
                    int ahead = Ahead(g, groups);
                    tiles.Dots(samples, streams, length, x, aRow, w, bColumn, w + ahead * bColumn, Step(ahead, groups) * bColumn, sums);
                    for (int i = 0; i < samples; i++)
                    {
                        float* to = c + (s + i) * cRow + j;
                        for (int r = 0; r < streams; r++)
                        {
                            float sum = sums[i * Streams + r];
                            for (int q = length - rest; q < length; q++) sum += x[i * aRow + q] * w[r * bColumn + q];
                            to[r] = add ? to[r] + alpha * sum : alpha * sum;
                        }
                    }
                }
            }
        }
    }

    private void CombineRows()
    {
        strip = EvenPart(n, Math.Clamp(n / (4 * threads.Count), 128, m <= tiles.Samples ? MostStrip : StripFloats / (m + Streams)), tiles.Lanes);
        threads.For(Parts(n, strip), combineColumns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CombineColumns(int worker, int task)
    {
        float** rows = stackalloc float*[Streams];
        float* factors = Scratch(worker), zeros = factors + 32, sums = zeros + MostStrip;

        int j0 = task * strip, columns = Math.Min(strip, n - j0), rest = columns % tiles.Lanes, most = tiles.Samples, groups = Parts(m, most);
        new Span<float>(factors, 32).Clear();
        if (k % Streams != 0) new Span<float>(zeros, columns).Clear();
        new Span<float>(sums, m * columns).Clear();
        for (int k0 = 0; k0 < k; k0 += Streams)
        {
            int streams = Math.Min(Streams, k - k0);
            for (int r = 0; r < Streams; r++) rows[r] = r < streams ? b + (k0 + r) * bStep + j0 : zeros;
            for (int g = 0; g < groups; g++)
            {
                int s = g * most, samples = Math.Min(most, m - s);
                for (int i = 0; i < samples; i++)
                {
                    float* from = a + (s + i) * aRow + k0 * aStep, sum = sums + (s + i) * columns;
                    for (int r = 0; r < Streams; r++)
                    {
                        float factor = factors[i * Streams + r] = r < streams ? from[r * aStep] : 0;
                        for (int j = columns - rest; j < columns; j++) sum[j] += factor * rows[r][j];
                    }
                }
                int ahead = Ahead(g, groups);
                tiles.Combine(samples, columns, factors, rows, b + (k0 + ahead) * bStep + j0, Step(ahead, groups) * bStep, sums + s * columns, columns);
            }
        }
        for (int i = 0; i < m; i++)
        {
            float* to = c + i * cRow + j0;
            for (int j = 0; j < columns; j++, sums++) to[j] = accumulate ? to[j] + alpha * *sums : alpha * *sums;
        }
    }

    // The next six rows are fetched evenly while the groups of samples pass over the present ones, by three, two or one of them. None for a
    // single group: its six long runs are followed well by the processor itself. Zero is a row that is near already.
    private static int Ahead(int group, int groups)
    {
        int rows = AheadRows(groups), first = group * rows;
        return groups > 1 && first < Streams ? Streams + Math.Min(first, Streams - rows) : 0;
    }

    // A tile fetches three rows, Step apart.
    private static int Step(int ahead, int groups) => ahead > 0 && AheadRows(groups) > 1 ? 1 : 0;

    private static int AheadRows(int groups) => groups switch { <= 2 => 3, <= 5 => 2, _ => 1 };
}
