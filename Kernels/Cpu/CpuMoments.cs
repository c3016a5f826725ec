using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Mean and deviation of each channel in one pass over memory: mean and squared differences of a few kilobytes at a time, in double and in
/// two passes while they are in the cache, then joined in a fixed order (Chan, Golub and LeVeque 1983, eq. 2.1). No sum of squares is ever
/// subtracted from another, so nothing cancels.
/// </summary>
internal sealed unsafe class CpuMoments
{
    // Floats whose two passes stay in the first-level cache.
    private const int ChunkSize = 4096;
    private readonly CpuTensor value;
    private readonly CpuTensorPlanes planes;
    private readonly double[] mean, squares;
    private readonly int positions;

    public CpuMoments(CpuTensor tensor, Threads threads)
    {
        value = tensor;
        planes = new CpuTensorPlanes(threads, value.AllPlanes, value.PlaneSize, Plane);
        (mean, squares) = (new double[(long)value.AllPlanes * value.Lanes], new double[(long)value.AllPlanes * value.Lanes]);
        (Mean, Variance) = (new double[value.Channels], new double[value.Channels]);
        positions = value.Height * value.Width;
    }

    /// <summary>Of each channel, after <see cref="Measure"/>.</summary>
    public double[] Mean { get; }

    /// <summary>Mean squared difference from the mean, of each channel, after <see cref="Measure"/>.</summary>
    public double[] Variance { get; }

    public static ChannelMoments Of(Tensor tensor, Threads threads)
    {
        var work = new CpuMoments(new CpuTensor(tensor), threads);
        work.Measure();
        return new ChannelMoments(work.Mean, [.. work.Variance.Select(Math.Sqrt)]);
    }

    /// <summary>Measures the tensor as it is now. Does not allocate.</summary>
    public void Measure()
    {
        planes.Run();
        Join();
    }

    // Planes of all samples, in their order.
    private void Join()
    {
        int stored = value.Planes * value.Lanes;
        for (int c = 0; c < value.Channels; c++)
        {
            double center = 0, sum = 0;
            for (int n = 0; n < value.Samples; n++)
            {
                long i = (long)n * stored + c;
                double difference = mean[i] - center;
                center += difference / (n + 1);
                sum += squares[i] + difference * difference * positions * n / (n + 1.0);
            }
            (Mean[c], Variance[c]) = (center, sum / ((double)value.Samples * positions));
        }
    }

    private void Plane(int worker, int plane)
    {
        bool whole = value.IsDense;
        int rows = whole ? 1 : value.Height, length = whole ? value.Height * value.RowLength : value.RowLength;
        fixed (double* m = &mean[plane * (long)value.Lanes], s = &squares[plane * (long)value.Lanes])
        {
            new Span<double>(m, value.Lanes).Clear();
            new Span<double>(s, value.Lanes).Clear();
            double* chunkMean = stackalloc double[Lane.Count], chunkSquares = stackalloc double[Lane.Count];
            long before = 0;
            for (int h = 0; h < rows; h++)
            {
                float* row = value.Row(plane, h);
                for (int at = 0, count; at < length; at += count)
                {
                    count = Math.Min(ChunkSize, length - at);
                    if (value.Lanes == 1) PlainChunk(row + at, count, chunkMean, chunkSquares);
                    else BlockedChunk(row + at, count, chunkMean, chunkSquares);
                    long here = count / value.Lanes;
                    for (int lane = 0; lane < value.Lanes; lane++)
                    {
                        double difference = chunkMean[lane] - m[lane];
                        m[lane] += difference * here / (before + here);
                        s[lane] += chunkSquares[lane] + difference * difference * here * before / (before + here);
                    }
                    before += here;
                }
            }
        }
    }

    // Sixteen channels: each lane's mean and squared differences over count / 16 positions.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BlockedChunk(float* x, int count, double* mean, double* squares)
    {
        Vector512<double> low = Vector512<double>.Zero, high = Vector512<double>.Zero;
        for (int i = 0; i < count; i += Lane.Count)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(x + i));
            low += a;
            high += b;
        }
        double positions = count / Lane.Count;
        low /= positions;
        high /= positions;
        low.Store(mean);
        high.Store(mean + 8);
        Vector512<double> lowSum = Vector512<double>.Zero, highSum = Vector512<double>.Zero;
        for (int i = 0; i < count; i += Lane.Count)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(x + i));
            a -= low;
            b -= high;
            lowSum += a * a;
            highSum += b * b;
        }
        lowSum.Store(squares);
        highSum.Store(squares + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlainChunk(float* x, int count, double* mean, double* squares)
    {
        int whole = count / Lane.Count * Lane.Count;
        Vector512<double> sums = Vector512<double>.Zero;
        for (int i = 0; i < whole; i += Lane.Count)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(x + i));
            sums += a + b;
        }
        double sum = Vector512.Sum(sums);
        for (int i = whole; i < count; i++) sum += x[i];
        double center = sum / count;
        sums = Vector512<double>.Zero;
        for (int i = 0; i < whole; i += Lane.Count)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(x + i));
            a -= Vector512.Create(center);
            b -= Vector512.Create(center);
            sums += a * a + b * b;
        }
        sum = Vector512.Sum(sums);
        for (int i = whole; i < count; i++) sum += (x[i] - center) * (x[i] - center);
        (*mean, *squares) = (center, sum);
    }
}
