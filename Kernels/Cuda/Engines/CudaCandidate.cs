namespace EvenNet.Kernels.Cuda;

/// <summary>
/// One way to compute one pass of an affine layer. Weight and Output stand for their gradients where the pass writes those; Scratch is aligned to
/// <see cref="Alignment"/> bytes.
/// </summary>
/// <param name="Name">«own», «cublas», «cublaslt 2», «cudnn 1»: the same each time for the same library, device and sizes.</param>
/// <param name="ScratchBytes">What it needs beside its operands while it runs.</param>
/// <param name="Bind">Makes it for its operands.</param>
internal sealed record CudaCandidate(string Name, long ScratchBytes, Func<CudaOperands, ICudaWork[]> Bind)
{
    /// <summary>The own kernels' name.</summary>
    public const string Own = "own";

    /// <summary>What the libraries want their workspace aligned to, in bytes.</summary>
    public const int Alignment = 256;

    /// <summary>Elements of float32 that a plan must reserve.</summary>
    public long ScratchCount => ScratchBytes == 0 ? 0 : (ScratchBytes + Alignment + sizeof(float) - 1) / sizeof(float);

    /// <summary>The first aligned address.</summary>
    public static ulong Align(ulong address) => (address + Alignment - 1) / Alignment * Alignment;

    /// <summary>So many bytes, filled up to the next aligned address.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}

/// <summary>Addresses on the device that a pass of an affine layer works on. Bias is 0 where there is none; Accumulate: adds to an input's gradient.</summary>
internal readonly record struct CudaOperands(ulong Input, ulong Weight, ulong Output, ulong Bias, ulong Scale, ulong Scratch, bool Accumulate);

/// <summary>Elements of the operands.</summary>
internal readonly record struct CudaOperandCounts(long Input, long Weight, long Output, long Bias);
