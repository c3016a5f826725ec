namespace EvenNet.Framework;

/// <summary>What a device can do at the most, as measured on it: what kernels are judged by.</summary>
/// <param name="OperationsPerSecond">Float32 operations a second in chains of multiply-adds; a multiply-add is two.</param>
/// <param name="ReadBytesPerSecond">Bytes a second read from memory.</param>
/// <param name="TriadBytesPerSecond">Bytes a second of a[i] = b[i] + s · c[i], three streams counted.</param>
public sealed record BackendLimits(double OperationsPerSecond, double ReadBytesPerSecond, double TriadBytesPerSecond)
{
    /// <summary>The larger of the two bandwidths.</summary>
    public double BytesPerSecond => Math.Max(ReadBytesPerSecond, TriadBytesPerSecond);

    /// <summary>The least seconds that so much work can take: the longer of the arithmetic and of the way to memory.</summary>
    public double LeastSeconds(double operations, double bytes) => Math.Max(operations / OperationsPerSecond, bytes / BytesPerSecond);
}
