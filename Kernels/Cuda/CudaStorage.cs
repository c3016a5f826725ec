using System.Buffers;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>float32 memory of a device. Reading waits for the device; writing and clearing take their turn after the work given before.</summary>
internal sealed class CudaStorage(CudaDevice device, long count) : Storage
{
    // Of places that data come to batch after batch, by their offsets.
    private readonly Dictionary<long, CudaInlet> inlets = [];
    private ulong address = count == 0 ? 0 : device.Allocate(count * sizeof(float));

    /// <summary>On the device.</summary>
    public ulong Address => address;

    public override long Count => count;

    public override long Bytes => count * sizeof(float);

    /// <summary>Where a region begins on the device.</summary>
    public static ulong AddressOf(Region region) => ((CudaStorage)region.Storage).Address + sizeof(float) * (ulong)region.Offset;

    public override void Read(long offset, Span<float> to)
    {
        Check(offset, to.Length);
        device.Read(address + sizeof(float) * (ulong)offset, to);
    }

    public override void Read(long offset, Span<double> to)
    {
        float[] narrow = ArrayPool<float>.Shared.Rent(to.Length);
        Read(offset, narrow.AsSpan(0, to.Length));
        for (int i = 0; i < to.Length; i++) to[i] = narrow[i];
        ArrayPool<float>.Shared.Return(narrow);
    }

    public override void Write(long offset, ReadOnlySpan<float> from)
    {
        Check(offset, from.Length);
        device.Write(address + sizeof(float) * (ulong)offset, from);
    }

    public override void Write(long offset, ReadOnlySpan<double> from)
    {
        float[] narrow = ArrayPool<float>.Shared.Rent(from.Length);
        for (int i = 0; i < from.Length; i++) narrow[i] = (float)from[i];
        Write(offset, narrow.AsSpan(0, from.Length));
        ArrayPool<float>.Shared.Return(narrow);
    }

    public override void Clear(long offset, long length)
    {
        Check(offset, length);
        device.Fill(address + sizeof(float) * (ulong)offset, 0, length);
    }

    public override void Fill(long offset, long length, float value)
    {
        Check(offset, length);
        device.Fill(address + sizeof(float) * (ulong)offset, BitConverter.SingleToUInt32Bits(value), length);
    }

    public override void Stage(long offset, ReadOnlySpan<float> from)
    {
        Check(offset, from.Length);
        if (from.Length == 0) return;
        long bytes = sizeof(float) * (long)from.Length;
        lock (inlets)
        {
            if (!inlets.TryGetValue(offset, out CudaInlet? inlet) || inlet.Bytes < bytes)
            {
                inlet?.Dispose();
                inlets.Remove(offset);
                inlets[offset] = inlet = new CudaInlet(device, bytes);
            }
            inlet.Bring(address + sizeof(float) * (ulong)offset, from);
        }
    }

    public override void Copy(long offset, Storage to, long toOffset, long length)
    {
        var target = (CudaStorage)to;
        Check(offset, length);
        target.Check(toOffset, length);
        device.Copy(address + sizeof(float) * (ulong)offset, target.address + sizeof(float) * (ulong)toOffset, sizeof(float) * length);
    }

    protected override void Dispose(bool disposing)
    {
        foreach (CudaInlet inlet in inlets.Values) inlet.Dispose();
        inlets.Clear();
        device.Free(address);
        address = 0;
    }

    private void Check(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(address == 0 && count > 0, this);
        if (offset < 0 || length < 0 || offset + length > count) throw new ArgumentOutOfRangeException(nameof(offset), $"{offset} + {length} lies outside a block of {count}");
    }
}
