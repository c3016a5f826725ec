using BenchmarkDotNet.Attributes;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Benchmarks;

/// <summary>op(A): m×k times op(B): k×n.</summary>
public sealed record ProductSize(string Name, int M, int N, int K, bool TransposeA = false, bool TransposeB = false)
{
    /// <summary>Two a multiply-add.</summary>
    public double Operations => 2.0 * M * N * K;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The matrix product on the shapes that nets and initializers ask for.</summary>
public class ProductBenchmarks
{
    private Backend backend = null!;
    private float[] a = [], b = [], c = [];

    /// <summary>Square ones, fully connected layers in their three directions, covariances and distances.</summary>
    public static IEnumerable<ProductSize> Cases =>
    [
        new("512³", 512, 512, 512), new("1024³", 1024, 1024, 1024), new("2048³", 2048, 2048, 2048),
        new("fc6 forward, batch 1", 1, 4096, 9216, TransposeB: true), new("fc6 forward, batch 32", 32, 4096, 9216, TransposeB: true),
        new("fc6 data, batch 32", 32, 9216, 4096), new("fc6 weights, batch 32", 4096, 9216, 32, TransposeA: true),
        new("covariance 600", 600, 600, 2048, TransposeA: true), new("covariance 2304", 2304, 2304, 2048, TransposeA: true),
        new("distances 384", 4096, 384, 384, TransposeB: true),
    ];

    /// <summary>The shape.</summary>
    [ParamsSource(nameof(Cases))]
    public ProductSize Size { get; set; } = null!;

    /// <summary>Fills the operands.</summary>
    [GlobalSetup]
    public void Fill()
    {
        backend = Backends.Open("cpu");
        (a, b, c) = (new float[Size.M * Size.K], new float[Size.K * Size.N], new float[Size.M * Size.N]);
        var random = new Philox(1, RandomPurpose.Noise);
        random.FillGaussian(a);
        random.FillGaussian(b);
    }

    /// <summary>c = op(a) · op(b).</summary>
    [Benchmark]
    public void Product() => backend.Gemm(Size.TransposeA, Size.TransposeB, Size.M, Size.N, Size.K, a, b, c);

    /// <summary>Frees the backend.</summary>
    [GlobalCleanup]
    public void Free() => backend.Dispose();
}
