using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>A convolution or an inner product: launches of own kernels and calls of libraries, in the order in which they are run.</summary>
internal sealed class CudaAffine(ICudaWork[] forward, ICudaWork[] back) : Kernel
{
    public override void Forward(Phase phase) => Run(forward);

    public override void Backward() => Run(back);

    protected override void Dispose(bool disposing)
    {
        foreach (ICudaWork work in (IEnumerable<ICudaWork>)[.. forward, .. back]) (work as IDisposable)?.Dispose();
        base.Dispose(disposing);
    }

    private static void Run(ICudaWork[] work)
    {
        foreach (ICudaWork piece in work) piece.Run();
    }
}
