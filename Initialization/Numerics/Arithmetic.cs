using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>What the numerical methods compute with: a matrix product in float32, and threads for their own loops.</summary>
public sealed class Arithmetic
{
    private readonly Action<int, Action<int>> loop;
    private readonly IInitializerKernels? kernels;

    /// <summary>A backend's product and threads.</summary>
    public Arithmetic(Backend backend) => (Product, loop, kernels) = (backend.Gemm, backend.For, backend.InitializerKernels);

    /// <summary>A matrix product, which brings its own threads.</summary>
    /// <param name="product">The matrix product.</param>
    /// <param name="threads">How many threads the loops around it use; 0 means one per processor. Never changes a result.</param>
    public Arithmetic(MatrixProduct product, int threads = 0)
    {
        Product = product;
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };
        loop = (tasks, body) => Parallel.For(0, tasks, options, body);
    }

    /// <summary>The matrix product in float32.</summary>
    public MatrixProduct Product { get; }

    /// <summary>Rows where a device holds them; null where that is the host.</summary>
    internal IHeldRows? Hold(ReadOnlySpan<float> rows, int dimensions) => kernels?.Hold(rows, dimensions);

    /// <summary>Runs body(0) … body(tasks − 1); each writes what no other one touches.</summary>
    internal void For(int tasks, Action<int> body)
    {
        if (tasks == 1) body(0);
        else loop(tasks, body);
    }
}
