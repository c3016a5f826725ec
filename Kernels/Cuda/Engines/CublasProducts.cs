namespace EvenNet.Kernels.Cuda;

/// <summary>op(a) · op(b) of matrices that lie row by row without gaps; op(a): m×k, op(b): k×n.</summary>
internal readonly record struct CudaProduct(bool TransposeA, bool TransposeB, int M, int N, int K)
{
    /// <summary>Elements between two rows of a as it lies.</summary>
    public int StrideA => TransposeA ? M : K;

    /// <summary>Elements between two rows of b as it lies.</summary>
    public int StrideB => TransposeB ? K : N;
}

/// <summary>Where the operands of a product lie; Accumulate: c += op(a) · op(b).</summary>
internal readonly record struct CudaProductParts(ulong A, ulong B, ulong C, bool Accumulate);

/// <summary>
/// Matrix products by cuBLAS on the device's stream. The library reads matrices column by column, and what lies row by row is the transpose to it; so the
/// operands change places: cᵀ = op(b)ᵀ · op(a)ᵀ.
/// </summary>
internal sealed unsafe class CublasProducts : IDisposable
{
    // What the vendor recommends: Hopper has more cores to keep busy. A workspace of our own keeps results the same in recordings and outside.
    private const int Hopper = 9;
    private const long LargeWorkspace = 32L << 20, Workspace = 4L << 20;

    private readonly CuBlas blas;
    private readonly CudaDevice device;
    private readonly CudaStorage workspace;
    private readonly Lock use = new();
    private nint handle;

    /// <summary>Makes the library's context for the device.</summary>
    /// <exception cref="CudaException">It fails.</exception>
    public CublasProducts(CudaDevice device, CuBlas blas)
    {
        (this.device, this.blas) = (device, blas);
        long bytes = device.ComputeCapability.Major >= Hopper ? LargeWorkspace : Workspace;
        workspace = new CudaStorage(device, bytes / sizeof(float));
        try
        {
            nint made;
            device.MakeCurrent();
            blas.Check(blas.cublasCreate_v2(&made));
            handle = made;
            blas.Check(blas.cublasSetStream_v2(handle, device.Stream));
            blas.Check(blas.cublasSetWorkspace_v2(handle, (void*)workspace.Address, (nuint)bytes));
            // TF32 only where a product asks for it.
            blas.Check(blas.cublasSetMathMode(handle, CublasMath.Default));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The arithmetic of a precision.</summary>
    public static CublasComputeType ComputeType(Precision precision) => precision switch
    {
        Precision.Tf32 => CublasComputeType.Float32FastTf32,
        Precision.Bf16 => CublasComputeType.Float32FastBfloat16,
        _ => CublasComputeType.Float32,
    };

    /// <summary>c = op(a) · op(b), or c += …, once what was given before is done.</summary>
    public void Multiply(in CudaProduct p, CublasComputeType type, ulong a, ulong b, ulong c, bool accumulate)
    {
        float alpha = 1, beta = accumulate ? 1 : 0;
        device.MakeCurrent();
        lock (use)
            blas.Check(blas.cublasGemmEx(handle, Operation(p.TransposeB), Operation(p.TransposeA), p.N, p.M, p.K, &alpha, b, CudaDataType.Float32, p.StrideB,
                a, CudaDataType.Float32, p.StrideA, &beta, c, CudaDataType.Float32, p.N, type, CublasGemmAlgorithm.Default));
    }

    public void Dispose()
    {
        if (handle != 0) _ = blas.cublasDestroy_v2(handle);
        handle = 0;
        workspace.Dispose();
    }

    internal static CublasOperation Operation(bool transpose) => transpose ? CublasOperation.Transpose : CublasOperation.None;
}

/// <summary>One product by cuBLAS with its operands.</summary>
internal sealed class CublasWork(CublasProducts products, CudaProduct product, CublasComputeType type, ulong a, ulong b, ulong c, bool accumulate) : ICudaWork
{
    public void Run() => products.Multiply(product, type, a, b, c, accumulate);
}
