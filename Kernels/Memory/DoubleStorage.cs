using System.Runtime.InteropServices;
using EvenNet.Framework;

namespace EvenNet.Kernels;

/// <summary>float64 host memory: what the reference works in.</summary>
internal sealed unsafe class DoubleStorage(long count) : Storage
{
    private readonly NativeBlock block = new(count * sizeof(double));

    public double* Pointer => (double*)block.Pointer;

    public override long Count => count;

    public override long Bytes => block.Bytes;

    public override void Read(long offset, Span<float> to)
    {
        ReadOnlySpan<double> part = Part(offset, to.Length);
        for (int i = 0; i < to.Length; i++) to[i] = (float)part[i];
    }

    public override void Read(long offset, Span<double> to) => Part(offset, to.Length).CopyTo(to);

    public override void Write(long offset, ReadOnlySpan<float> from)
    {
        Span<double> part = Part(offset, from.Length);
        for (int i = 0; i < part.Length; i++) part[i] = from[i];
    }

    public override void Write(long offset, ReadOnlySpan<double> from) => from.CopyTo(Part(offset, from.Length));

    public override void Clear(long offset, long length)
    {
        Check(offset, length);
        NativeMemory.Clear(Pointer + offset, (nuint)length * sizeof(double));
    }

    protected override void Dispose(bool disposing) => block.Dispose();

    private Span<double> Part(long offset, int length)
    {
        Check(offset, length);
        return new Span<double>(Pointer + offset, length);
    }

    private void Check(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(block.IsClosed, this);
        if (offset < 0 || length < 0 || offset + length > count) throw new ArgumentOutOfRangeException(nameof(offset), $"{offset} + {length} lies outside a block of {count}");
    }
}
