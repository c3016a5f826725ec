namespace EvenNet.Kernels.Cuda;

/// <summary>How a CUDA device computes.</summary>
public sealed record CudaOptions
{
    /// <summary>Of matrix products and convolutions by the vendor's libraries; own kernels always compute in float32.</summary>
    public Precision Precision { get; init; }

    /// <summary>Whether cuBLAS and cuDNN are used where they are found; otherwise the kernels of this program do everything. EVENNET_CUDA_ENGINES=own forbids them, too.</summary>
    public bool UseLibraries { get; init; } = true;

    /// <summary>The most memory that an algorithm of a library may take for itself while it runs, in bytes.</summary>
    public long WorkspaceBytes { get; init; } = 256L << 20;

    /// <summary>The file that keeps which algorithms were the fastest; null keeps nothing, so that they are measured in each process.</summary>
    public string? CacheFile { get; init; } = CudaTuningCache.DefaultPath;

    /// <summary>Told at once of what <see cref="CudaBackend.Warnings"/> gathers.</summary>
    public Action<string>? Warn { get; init; }
}
