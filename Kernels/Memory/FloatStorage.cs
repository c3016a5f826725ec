using System.Runtime.InteropServices;
using EvenNet.Framework;

namespace EvenNet.Kernels;

/// <summary>float32 host memory: what the cpu backend works in.</summary>
internal sealed unsafe class FloatStorage(long count, SpareBlock? spare = null) : Storage
{
    private readonly NativeBlock block = spare?.Take(count * sizeof(float)) ?? new(count * sizeof(float));
    private bool disposed;

    public float* Pointer => (float*)block.Pointer;

    public override long Count => count;

    public override long Bytes => count * sizeof(float);

    public override void Read(long offset, Span<float> to) => Part(offset, to.Length).CopyTo(to);

    public override void Read(long offset, Span<double> to)
    {
        ReadOnlySpan<float> part = Part(offset, to.Length);
        for (int i = 0; i < to.Length; i++) to[i] = part[i];
    }

    public override void Write(long offset, ReadOnlySpan<float> from) => from.CopyTo(Part(offset, from.Length));

    public override void Write(long offset, ReadOnlySpan<double> from)
    {
        Span<float> part = Part(offset, from.Length);
        for (int i = 0; i < part.Length; i++) part[i] = (float)from[i];
    }

    public override void Clear(long offset, long length)
    {
        Check(offset, length);
        NativeMemory.Clear(Pointer + offset, (nuint)length * sizeof(float));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposed) return;
        disposed = true;
        if (spare is null) block.Dispose();
        else spare.Return(block);
    }

    private Span<float> Part(long offset, int length)
    {
        Check(offset, length);
        return new Span<float>(Pointer + offset, length);
    }

    private void Check(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (offset < 0 || length < 0 || offset + length > count) throw new ArgumentOutOfRangeException(nameof(offset), $"{offset} + {length} lies outside a block of {count}");
    }
}
