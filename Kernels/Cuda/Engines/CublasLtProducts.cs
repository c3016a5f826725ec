namespace EvenNet.Kernels.Cuda;

/// <summary>Matrix products by cuBLASLt, which offers several algorithms for each; operands change places as in <see cref="CublasProducts"/>.</summary>
internal sealed unsafe class CublasLtProducts : IDisposable
{
    private const int MostAlgorithms = 8;

    // Values and parameters begin at multiples of 16 elements of blocks that the driver aligns further.
    private const uint AlignmentBytes = 64;
    private nint handle;

    /// <summary>Makes the library's context for the device.</summary>
    /// <exception cref="CudaException">It fails.</exception>
    public CublasLtProducts(CudaDevice device, CuBlasLt lt)
    {
        (Device, Lt) = (device, lt);
        device.MakeCurrent();
        nint made;
        lt.Check(lt.cublasLtCreate(&made));
        handle = made;
    }

    public CudaDevice Device { get; }

    public CuBlasLt Lt { get; }

    public nint Handle => handle;

    /// <summary>What the library would run for a product, the most promising first, with no more workspace than so many bytes.</summary>
    public IReadOnlyList<CublasLtHeuristic> Algorithms(in CudaProduct product, CublasComputeType type, long workspaceBytes)
    {
        using var problem = new CublasLtProblem(Lt, product, type);
        CublasLtHeuristic* found = stackalloc CublasLtHeuristic[MostAlgorithms];
        nint preference;
        int count = 0;
        ulong bytes = (ulong)workspaceBytes;
        uint alignment = AlignmentBytes;
        Device.MakeCurrent();
        Lt.Check(Lt.cublasLtMatmulPreferenceCreate(&preference));
        try
        {
            Lt.Check(Lt.cublasLtMatmulPreferenceSetAttribute(preference, CublasLtPreferenceAttribute.MaxWorkspaceBytes, &bytes, sizeof(ulong)));
            for (CublasLtPreferenceAttribute a = CublasLtPreferenceAttribute.MinAlignmentABytes; a <= CublasLtPreferenceAttribute.MinAlignmentDBytes; a++)
                Lt.Check(Lt.cublasLtMatmulPreferenceSetAttribute(preference, a, &alignment, sizeof(uint)));
            CublasStatus status = Lt.cublasLtMatmulAlgoGetHeuristic(handle, problem.Product, problem.Left, problem.Right, problem.Result, problem.Result, preference, MostAlgorithms, found, &count);
            if (status == CublasStatus.NotSupported) return [];
            Lt.Check(status, nameof(Lt.cublasLtMatmulAlgoGetHeuristic));
        }
        finally
        {
            _ = Lt.cublasLtMatmulPreferenceDestroy(preference);
        }
        List<CublasLtHeuristic> algorithms = [];
        for (int i = 0; i < count; i++)
            if (found[i].State == CublasStatus.Success && found[i].WorkspaceBytes <= bytes) algorithms.Add(found[i]);
        return algorithms;
    }

    public void Dispose()
    {
        if (handle == 0) return;
        _ = Lt.cublasLtDestroy(handle);
        handle = 0;
    }
}

/// <summary>The descriptors of one product: Left and Right as the library multiplies them, which are the transposes of b and a.</summary>
internal sealed unsafe class CublasLtProblem : IDisposable
{
    private readonly CuBlasLt lt;
    private nint product, left, right, result;

    public CublasLtProblem(CuBlasLt lt, in CudaProduct p, CublasComputeType type)
    {
        this.lt = lt;
        try
        {
            product = Create(type);
            Transpose(CublasLtProductAttribute.TransposeA, p.TransposeB);
            Transpose(CublasLtProductAttribute.TransposeB, p.TransposeA);
            left = Layout(p.TransposeB ? p.K : p.N, p.TransposeB ? p.N : p.K);
            right = Layout(p.TransposeA ? p.M : p.K, p.TransposeA ? p.K : p.M);
            result = Layout(p.N, p.M);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public nint Product => product;

    public nint Left => left;

    public nint Right => right;

    public nint Result => result;

    public void Dispose()
    {
        foreach (nint layout in (ReadOnlySpan<nint>)[left, right, result])
            if (layout != 0) _ = lt.cublasLtMatrixLayoutDestroy(layout);
        if (product != 0) _ = lt.cublasLtMatmulDescDestroy(product);
        product = left = right = result = 0;
    }

    private nint Create(CublasComputeType type)
    {
        nint made;
        lt.Check(lt.cublasLtMatmulDescCreate(&made, type, CudaDataType.Float32));
        return made;
    }

    private void Transpose(CublasLtProductAttribute operand, bool transpose)
    {
        CublasOperation operation = CublasProducts.Operation(transpose);
        lt.Check(lt.cublasLtMatmulDescSetAttribute(product, operand, &operation, sizeof(CublasOperation)));
    }

    // Columns without gaps.
    private nint Layout(int rows, int columns)
    {
        nint made;
        lt.Check(lt.cublasLtMatrixLayoutCreate(&made, CudaDataType.Float32, (ulong)rows, (ulong)columns, rows));
        return made;
    }
}

/// <summary>One product by one algorithm of cuBLASLt with its operands; owns its descriptors.</summary>
internal sealed unsafe class CublasLtWork(
    CublasLtProducts products, CudaProduct product, CublasComputeType type, CublasLtHeuristic algorithm, ulong a, ulong b, ulong c, bool accumulate, ulong workspace) : ICudaWork, IDisposable
{
    private readonly CublasLtProblem problem = new(products.Lt, product, type);
    private CublasLtHeuristic chosen = algorithm;

    public void Run()
    {
        CuBlasLt lt = products.Lt;
        float alpha = 1, beta = accumulate ? 1 : 0;
        products.Device.MakeCurrent();
        fixed (byte* algorithm = chosen.Algorithm)
            lt.Check(lt.cublasLtMatmul(products.Handle, problem.Product, &alpha, b, problem.Left, a, problem.Right, &beta, c, problem.Result, c, problem.Result,
                algorithm, chosen.WorkspaceBytes == 0 ? 0 : workspace, chosen.WorkspaceBytes, products.Device.Stream));
    }

    public void Dispose() => problem.Dispose();
}
