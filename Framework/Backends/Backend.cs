namespace EvenNet.Framework;

/// <summary>
/// A device: answers a request with the first offer of its catalogue, and owns memory. Beside layers it does what the
/// initializers stand on, matrix products, channels' moments and scales and single samples' weight gradients, and the solvers' updates.
/// </summary>
public abstract class Backend : IDisposable
{
    /// <summary>«reference», «cpu», «cuda».</summary>
    public abstract string Name { get; }

    /// <summary>One line for people: «cpu: 2 threads, AVX-512».</summary>
    public abstract string Description { get; }

    /// <summary>Threads that loops on the host may use around this backend; never changes a result.</summary>
    public virtual int Parallelism => Environment.ProcessorCount;

    /// <summary>Runs body(0) … body(turns − 1) on the host with as many threads as the backend was given; each turn writes what no other one touches.</summary>
    public virtual void For(int turns, Action<int> body)
    {
        if (turns > 1 && Parallelism > 1) Parallel.For(0, turns, new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, body);
        else for (int turn = 0; turn < turns; turn++) body(turn);
    }

    /// <summary>Kernels, fastest first; the first offer wins.</summary>
    protected abstract IReadOnlyList<Func<KernelRequest, KernelOffer?>> Catalogue { get; }

    /// <summary>The first offer for a request.</summary>
    /// <exception cref="BackendException">No kernel takes it.</exception>
    public KernelOffer Offer(KernelRequest request)
    {
        foreach (Func<KernelRequest, KernelOffer?> offer in Catalogue)
            if (offer(request) is { } accepted) return accepted;
        throw new BackendException($"{Name} has no kernel for {request.Layer} on {string.Join(", ", request.Inputs)}");
    }

    /// <summary>Returns when all work that was given to the device is done; at once where work is done as it is given.</summary>
    public virtual void Wait() { }

    /// <summary>Bytes of the device's memory that are free now; null where it shares the host's.</summary>
    public virtual long? FreeBytes => null;

    /// <summary>Whether <see cref="Record"/> works: the device takes work and does it later.</summary>
    public virtual bool Records => false;

    /// <summary>Takes down what <paramref name="enqueue"/> gives to the device, without running it, so that it can be given again as one.</summary>
    /// <exception cref="BackendException">It allocates, waits or reads, which a recording cannot hold; the device goes on.</exception>
    public virtual Recording Record(Action enqueue) => throw new NotSupportedException($"{Name} does its work as it is given; there is nothing to record");

    /// <summary>A clock with so many marks on the device; null where work is done as it is given, so that the host's clock tells its time.</summary>
    public virtual DeviceClock? CreateClock(int marks) => null;

    /// <summary>Measures what the device can do at the most, for about this long; null where nothing is known to be the most.</summary>
    public virtual BackendLimits? MeasureLimits(TimeSpan time) => null;

    /// <summary>Zeroed memory.</summary>
    public abstract Storage Allocate(long count);

    /// <summary>
    /// c = op(a) · op(b), or c += …, on host memory; row-major without gaps. op(a): m×k, op(b): k×n, c: m×n.
    /// The same bits whatever the number of threads.
    /// </summary>
    public abstract void Gemm(
        bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false);

    /// <summary>
    /// Adds to sums what some samples say of a convolution's weights, in the weights' order: Σ over positions of dy · x, summed over the samples, or
    /// squared for each sample first. x: what the convolution reads; dy: one value for each of its outputs and positions; positions are dy's, whatever size
    /// the window would give. The same bits whatever the number of threads. False, with nothing done, where the backend has no kernel for these.
    /// </summary>
    public virtual bool AddWeightGradients(Convolution layer, Tensor x, Tensor dy, int first, int count, bool squares, Span<float> sums) => false;

    /// <summary>Mean and deviation of each channel over samples and positions, in double.</summary>
    public virtual ChannelMoments Moments(Tensor value) => HostMoments.Of(value);

    /// <summary>value[c] ← scale[c] · value[c] + shift[c] for each channel, at all samples and positions.</summary>
    public virtual void ScaleChannels(Tensor value, double[] scale, double[] shift) => HostMoments.Scale(value, scale, shift);

    /// <summary>What the initializers do where a device holds the values; null where that is the host.</summary>
    public virtual IInitializerKernels? InitializerKernels => null;

    /// <summary>One step of stochastic gradient descent on one parameter, in one pass over memory.</summary>
    public abstract void Sgd(in SgdUpdate update);

    /// <summary>One step of Adam on one parameter, in one pass over memory.</summary>
    public abstract void Adam(in AdamUpdate update);

    /// <summary>One step of RMSProp on one parameter, in one pass over memory.</summary>
    public abstract void RmsProp(in RmsPropUpdate update);

    /// <summary>Makes one of the updates of all parameters that learn; null where one after the other is as good.</summary>
    /// <param name="updates">Of parameters that learn.</param>
    /// <param name="cleared">Gradients that are cleared without an update.</param>
    /// <param name="watched">What <see cref="FusedUpdate.Check"/> looks at.</param>
    public virtual FusedUpdate<SgdUpdate>? Fuse(IReadOnlyList<SgdUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) => null;

    /// <inheritdoc cref="Fuse(IReadOnlyList{SgdUpdate}, IReadOnlyList{Region}, IReadOnlyList{Region})"/>
    public virtual FusedUpdate<AdamUpdate>? Fuse(IReadOnlyList<AdamUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) => null;

    /// <inheritdoc cref="Fuse(IReadOnlyList{SgdUpdate}, IReadOnlyList{Region}, IReadOnlyList{Region})"/>
    public virtual FusedUpdate<RmsPropUpdate>? Fuse(IReadOnlyList<RmsPropUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) => null;

    /// <summary>Σ x² in double.</summary>
    public abstract double SquaredNorm(Region region);

    /// <summary>Frees the device.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the device.</summary>
    protected virtual void Dispose(bool disposing) { }
}
