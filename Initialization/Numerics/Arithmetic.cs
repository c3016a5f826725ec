namespace EvenNet.Initialization;

/// <summary>What the numerical methods compute with: a matrix product in float32, and threads for their own loops.</summary>
/// <param name="product">The matrix product; it brings its own threads.</param>
/// <param name="threads">How many threads the loops around it use; 0 means one per processor. Never changes a result.</param>
public sealed class Arithmetic(MatrixProduct product, int threads = 0)
{
    private readonly ParallelOptions options = new() { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };

    /// <summary>The matrix product in float32.</summary>
    public MatrixProduct Product { get; } = product;

    /// <summary>Runs body(0) … body(tasks − 1); each writes what no other one touches.</summary>
    internal void For(int tasks, Action<int> body)
    {
        if (tasks > 1 && options.MaxDegreeOfParallelism > 1) Parallel.For(0, tasks, options, body);
        else for (int task = 0; task < tasks; task++) body(task);
    }
}
