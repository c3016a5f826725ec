using EvenNet.Framework;
using EvenNet.Kernels.Reference;

namespace EvenNet.Tests;

/// <summary>Kernels that do nothing and allocate nothing, so that what the framework itself does can be measured and its order be seen.</summary>
internal sealed class EmptyBackend(LayoutKind wanted = LayoutKind.Plain) : Backend
{
    private readonly ReferenceBackend reference = new();

    /// <summary>«forward conv1 (Convolution)»: what ran, where <see cref="Recording"/>.</summary>
    public List<string> Log { get; } = [];

    public bool Recording { get; set; }

    /// <summary>Called by every kernel with what ran.</summary>
    public Action<string>? OnRun { get; set; }

    /// <summary>How often the device was waited for.</summary>
    public int Waits { get; private set; }

    /// <summary>What the kernels say they compute.</summary>
    public Func<KernelRequest, KernelOperations?> Operations { get; init; } = _ => null;

    public override string Name => "empty";

    public override string Description => "empty";

    protected override IReadOnlyList<Func<KernelRequest, KernelOffer?>> Catalogue => [Take];

    public override void Wait() => Waits++;

    public override Storage Allocate(long count) => reference.Allocate(count);

    public override void Gemm(bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false) =>
        throw new NotSupportedException();

    public override void Sgd(in SgdUpdate update) { }

    public override void Adam(in AdamUpdate update) { }

    public override void RmsProp(in RmsPropUpdate update) { }

    public override double SquaredNorm(Region region) => 0;

    // Affine layers want the layout; the rest takes plain values, so that reorders are planned between.
    private KernelOffer Take(KernelRequest r)
    {
        var layout = new Layout(r.Layer is Reorder to ? r.Arrives[0] : r.Layer is IAffine ? wanted : LayoutKind.Plain);
        LayoutKind writes = r.Layer is Reorder reorder ? reorder.To.Kind : layout.Kind;
        return new KernelOffer("empty", [.. r.Inputs.Select(_ => layout)], writes, BackwardReads.Inputs, b => new EmptyKernel(this, b)) { Operations = Operations(r) };
    }

    private sealed class EmptyKernel(EmptyBackend backend, Bindings b) : Kernel
    {
        private readonly string forward = $"forward {b.Request.Layer.GetType().Name} {b.Output.Shape}", backward = $"backward {b.Request.Layer.GetType().Name} {b.Output.Shape}";

        public override void Forward(Phase phase) => Run(forward);

        public override void Backward() => Run(backward);

        private void Run(string what)
        {
            if (backend.Recording) backend.Log.Add(what);
            backend.OnRun?.Invoke(what);
        }
    }
}
