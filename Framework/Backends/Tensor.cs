using System.Buffers;

namespace EvenNet.Framework;

/// <summary>
/// A view of a value or a gradient in a backend's memory: batch × shape in some layout. Owns nothing. Where it is some channels of a larger
/// value, its samples lie as far apart as those of the whole.
/// </summary>
public sealed class Tensor(Region region, int batch, Shape shape, Layout layout, long? sampleStride = null)
{
    /// <summary>Where it lies.</summary>
    public Region Region => region;

    /// <summary>Samples.</summary>
    public int Batch => batch;

    /// <summary>Size of one sample.</summary>
    public Shape Shape => shape;

    /// <summary>Order in memory.</summary>
    public Layout Layout => layout;

    /// <summary>Logical elements: batch × channels × height × width.</summary>
    public long Count => (long)batch * shape.Count;

    /// <summary>Stored elements of one sample.</summary>
    public long SampleCount => layout.SampleCount(shape);

    /// <summary>Elements from a sample to the next.</summary>
    public long SampleStride { get; } = sampleStride ?? layout.SampleCount(shape);

    /// <summary>The whole on the host, N×C×H×W.</summary>
    public float[] Read()
    {
        var all = new float[Count];
        Read(0, all);
        return all;
    }

    /// <inheritdoc cref="Read()"/>
    public double[] ReadExact()
    {
        var all = new double[Count];
        for (int n = 0; n < batch; n++) Transfer.Read(this, n, all.AsSpan(n * shape.Count, shape.Count));
        return all;
    }

    /// <summary>One sample on the host, C×H×W.</summary>
    public double[] ReadExact(int sample)
    {
        var one = new double[shape.Count];
        Transfer.Read(this, sample, one);
        return one;
    }

    /// <summary>Samples from <paramref name="first"/> on, as many as fill <paramref name="to"/>, N×C×H×W.</summary>
    public void Read(int first, Span<float> to)
    {
        int count = shape.Count;
        for (int n = 0; n < to.Length / count; n++) Transfer.Read(this, first + n, to.Slice(n * count, count));
    }

    /// <summary>Sets all samples from the host, N×C×H×W.</summary>
    public void Write(ReadOnlySpan<float> from)
    {
        RequireCount(from.Length);
        for (int n = 0; n < batch; n++) Transfer.Write(this, n, from.Slice(n * shape.Count, shape.Count));
    }

    /// <summary>As <see cref="Write(ReadOnlySpan{float})"/>, beside the work that the device was given before: <see cref="Storage.Stage"/>.</summary>
    public void Stage(ReadOnlySpan<float> from)
    {
        RequireCount(from.Length);
        if (layout.Kind == LayoutKind.Plain && SampleStride == shape.Count) region.Storage.Stage(region.Offset, from);
        else Write(from);
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{float})"/>
    public void Write(ReadOnlySpan<double> from)
    {
        RequireCount(from.Length);
        for (int n = 0; n < batch; n++) Transfer.Write(this, n, from.Slice(n * shape.Count, shape.Count));
    }

    /// <summary>Sets all values to one number.</summary>
    /// <exception cref="InvalidOperationException">Its values do not lie side by side in their own order.</exception>
    public void Fill(float value)
    {
        if (layout.Kind != LayoutKind.Plain || SampleStride != shape.Count) throw new InvalidOperationException($"a value that lies {layout} cannot be filled");
        region.Storage.Fill(region.Offset, Count, value);
    }

    /// <summary>Sets everything to zero, border included.</summary>
    public void Clear()
    {
        for (int n = 0; n < batch; n++) region.Slice(n * SampleStride, SampleCount).Clear();
    }

    private void RequireCount(int count)
    {
        if (count != Count) throw new ArgumentException($"{batch} × {shape} takes {Count} values, got {count}");
    }

    // One sample between memory and host, through a rented buffer where the layout is not the logical one.
    private static class Transfer
    {
        public static void Read(Tensor t, int n, Span<float> to)
        {
            if (t.SampleCount == t.Shape.Count && t.Layout.Kind == LayoutKind.Plain)
            {
                t.Region.Storage.Read(t.Region.Offset + n * t.SampleStride, to);
                return;
            }
            float[] stored = ArrayPool<float>.Shared.Rent((int)t.SampleCount);
            Span<float> part = stored.AsSpan(0, (int)t.SampleCount);
            t.Region.Storage.Read(t.Region.Offset + n * t.SampleStride, part);
            t.Layout.Unpack<float>(t.Shape, part, to);
            ArrayPool<float>.Shared.Return(stored);
        }

        public static void Read(Tensor t, int n, Span<double> to)
        {
            var stored = new double[t.SampleCount];
            t.Region.Storage.Read(t.Region.Offset + n * t.SampleStride, stored);
            t.Layout.Unpack<double>(t.Shape, stored, to);
        }

        public static void Write(Tensor t, int n, ReadOnlySpan<float> from)
        {
            if (t.SampleCount == t.Shape.Count && t.Layout.Kind == LayoutKind.Plain)
            {
                t.Region.Storage.Write(t.Region.Offset + n * t.SampleStride, from);
                return;
            }
            float[] stored = ArrayPool<float>.Shared.Rent((int)t.SampleCount);
            Span<float> part = stored.AsSpan(0, (int)t.SampleCount);
            t.Layout.Pack(t.Shape, from, part);
            t.Region.Storage.Write(t.Region.Offset + n * t.SampleStride, part);
            ArrayPool<float>.Shared.Return(stored);
        }

        public static void Write(Tensor t, int n, ReadOnlySpan<double> from)
        {
            var stored = new double[t.SampleCount];
            t.Layout.Pack(t.Shape, from, stored);
            t.Region.Storage.Write(t.Region.Offset + n * t.SampleStride, stored);
        }
    }
}
