namespace EvenNet.Kernels.Cuda;

/// <summary>Eigenvalues and eigenvectors of symmetric matrices by cuSOLVER, in float32, on the device's stream.</summary>
internal sealed unsafe class CudaEigenSolver : IDisposable
{
    private readonly CudaDevice device;
    private readonly CuSolver solver;
    private nint handle;

    /// <summary>Makes the library's context for the device.</summary>
    /// <exception cref="CudaException">It fails.</exception>
    public CudaEigenSolver(CudaDevice device, CuSolver solver)
    {
        (this.device, this.solver) = (device, solver);
        device.MakeCurrent();
        nint made;
        solver.Check(solver.cusolverDnCreate(&made));
        handle = made;
        try
        {
            solver.Check(solver.cusolverDnSetStream(handle, device.Stream));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// All eigenpairs of a symmetric n×n matrix on the host: values ascending; vectors one after the other, of each the sign in which its entry of the
    /// largest magnitude, the first of equals, is positive.
    /// </summary>
    /// <exception cref="CudaException">The iteration does not converge, or the library fails.</exception>
    public (float[] Values, float[] Vectors) Solve(ReadOnlySpan<float> matrix, int n)
    {
        if (matrix.Length != (long)n * n) throw new ArgumentException($"a {n}×{n} matrix has {(long)n * n} entries, got {matrix.Length}");
        float[] values = new float[n], vectors = new float[matrix.Length];
        if (n == 0) return (values, vectors);
        int workCount;
        // values, the failure's number, and the matrix, which becomes the vectors; the library's own space is known with them.
        long valuesBytes = CudaCandidate.Align((long)n * sizeof(float)), matrixBytes = CudaCandidate.Align((long)n * n * sizeof(float));
        using var memory = new CudaStorage(device, (valuesBytes + CudaCandidate.Alignment + matrixBytes) / sizeof(float));
        ulong w = memory.Address, info = w + (ulong)valuesBytes, a = info + CudaCandidate.Alignment;
        device.Write(a, matrix);
        // A symmetric matrix is its own transpose; its lower triangle by columns is the upper one by rows.
        solver.Check(solver.cusolverDnSsyevd_bufferSize(handle, CusolverEigenMode.Vectors, CublasFillMode.Lower, n, a, n, w, &workCount));
        using var space = new CudaStorage(device, Math.Max(workCount, 1));
        solver.Check(solver.cusolverDnSsyevd(handle, CusolverEigenMode.Vectors, CublasFillMode.Lower, n, a, n, w, space.Address, workCount, info));
        int[] failure = new int[1];
        device.Read<int>(info, failure);
        if (failure[0] != 0) throw new CudaException($"cusolverDnSsyevd of a {n}×{n} matrix failed: {(failure[0] > 0 ? $"{failure[0]} entries off the diagonal did not converge" : $"argument {-failure[0]} is wrong")}");
        device.Read<float>(w, values);
        device.Read<float>(a, vectors);
        for (int i = 0; i < n; i++) FixSign(vectors.AsSpan(i * n, n));
        return (values, vectors);
    }

    public void Dispose()
    {
        if (handle == 0) return;
        _ = solver.cusolverDnDestroy(handle);
        handle = 0;
    }

    private static void FixSign(Span<float> vector)
    {
        float largest = 0;
        foreach (float entry in vector)
            if (Math.Abs(entry) > Math.Abs(largest)) largest = entry;
        if (largest >= 0) return;
        for (int i = 0; i < vector.Length; i++) vector[i] = -vector[i];
    }
}
