using EvenNet.Framework;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

[NonParallelizable]
public sealed class CpuLimitsTests
{
    [Test]
    public void Limits_are_above_what_kernels_reach([Values(1, 2)] int threads)
    {
        using var backend = new CpuBackend(threads);
        const int size = 256;
        float[] a = new float[size * size], c = new float[size * size];
        double best = double.MaxValue, peak = 0;
        // A product of matrices comes near the peak and cannot pass it by much. A busy machine slows one or the other: some attempts.
        for (int attempt = 0; attempt < 10 && Rate() >= 1.3 * peak; attempt++)
        {
            BackendLimits limits = backend.MeasureLimits(TimeSpan.FromSeconds(0.3))!;
            Assert.That(limits.ReadBytesPerSecond, Is.GreaterThan(1e8));
            Assert.That(limits.TriadBytesPerSecond, Is.GreaterThan(1e8));
            peak = Math.Max(peak, limits.OperationsPerSecond);
        }
        Assert.That(Rate(), Is.LessThan(1.3 * peak));

        double Rate()
        {
            for (int i = 0; i < 30; i++)
            {
                long start = System.Diagnostics.Stopwatch.GetTimestamp();
                backend.Gemm(false, false, size, size, size, a, a, c);
                best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            return 2.0 * size * size * size / best;
        }
    }

    [Test]
    public void The_least_time_is_the_longer_of_arithmetic_and_memory()
    {
        var limits = new BackendLimits(100, 10, 5);
        Assert.That(limits.LeastSeconds(200, 10), Is.EqualTo(2));
        Assert.That(limits.LeastSeconds(200, 30), Is.EqualTo(3));
    }
}
