namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The backward pass of an inner product with few samples, in one sweep over its weights W (outputs × inputs): dx = s · dy · W, and
/// dW = s · dyᵀ · x, added to gradients in memory or spent on the solver's update of W where it arises.
/// W is far larger than everything else, so memory sets the time. The bits depend neither on threads nor on what becomes of dW.
/// </summary>
internal abstract unsafe class InnerProductBackward(int samples, int inputs, int outputs, Threads threads) : IDisposable
{
    // More samples are better served by a product of packed matrices.
    private const int MostSamples = 64;

    protected readonly int samples = samples, inputs = inputs, outputs = outputs;
    protected readonly Threads threads = threads;

    // The call in progress; null where there is none or nobody asks.
    protected float* x, dy, weight, dx, gradient;
    protected float scale;
    protected bool accumulate;
    protected SgdStep step;

    /// <summary>The sweep for so many samples; null where there is none.</summary>
    public static InnerProductBackward? For(int samples, int inputs, int outputs, Threads threads, VectorWidth width) => samples switch
    {
        <= InnerProductStream.MostSamples => new InnerProductStream(samples, inputs, outputs, threads),
        <= MostSamples => new InnerProductSweep(samples, inputs, outputs, threads, width),
        _ => null,
    };

    /// <summary>
    /// dx[n, i] = (or += if <paramref name="accumulate"/>) scale · Σ_o dy[n, o] · W[o, i], where dx is given; and gradient[o, i] += scale · Σ_n dy[n, o] · x[n, i],
    /// where gradient is given.
    /// </summary>
    public void Run(float* x, float* dy, float* weight, float scale, float* dx, bool accumulate, float* gradient)
    {
        Bind(x, dy, weight, scale, dx, accumulate);
        this.gradient = gradient;
        step = default;
        Run();
    }

    /// <summary>The same, but the solver's step takes the gradient: dx is of the weights before it.</summary>
    public void Run(float* x, float* dy, float* weight, float scale, float* dx, bool accumulate, SgdStep step)
    {
        Bind(x, dy, weight, scale, dx, accumulate);
        gradient = null;
        this.step = step;
        Run();
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    protected abstract void Run();

    protected static int Parts(int count, int size) => (count + size - 1) / size;

    private void Bind(float* x, float* dy, float* weight, float scale, float* dx, bool accumulate)
    {
        this.x = x;
        this.dy = dy;
        this.weight = weight;
        this.dx = dx;
        (this.scale, this.accumulate) = (scale, accumulate);
    }
}
