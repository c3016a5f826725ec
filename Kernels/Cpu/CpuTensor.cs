using System.Runtime.InteropServices;
using EvenNet.Framework;
using LayoutKind = EvenNet.Framework.LayoutKind;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// How a tensor lies in memory, in one form for both orders: planes of rows of floats. A plane is a channel, one float a position (plain),
/// or sixteen channels, sixteen floats a position (blocked); planes count through all samples. A border of zeros may lie around each plane, and
/// other values' planes between the samples.
/// </summary>
internal readonly unsafe struct CpuTensor
{
    private readonly float* start;
    private readonly int halo;
    private readonly bool isStrided;
    private readonly long gap;      // floats of other values between samples

    public CpuTensor(Tensor tensor)
    {
        (Layout layout, Shape shape) = (tensor.Layout, tensor.Shape);
        halo = layout.Halo;
        Lanes = layout.Kind == LayoutKind.Blocked ? Layout.BlockSize : 1;
        Channels = shape.Channels;
        Planes = layout.StoredChannels(shape) / Lanes;
        Samples = tensor.Batch;
        (Height, RowLength) = (shape.Height, shape.Width * Lanes);
        RowStride = RowLength + 2L * halo * Lanes;
        PlaneStride = (Height + 2L * halo) * RowStride;
        gap = tensor.SampleStride - Planes * PlaneStride;
        start = Pointer(tensor.Region) + halo * (RowStride + Lanes);
    }

    // Samples × channels of one position each, sixteen channels a plane and a sample a row.
    private CpuTensor(Region region, int samples, int channels)
    {
        start = Pointer(region);
        isStrided = true;
        (Lanes, Channels, Planes, Samples) = (Lane.Count, channels, channels / Lane.Count, 1);
        (Height, RowLength, RowStride, PlaneStride) = (samples, Lane.Count, channels, Lane.Count);
    }

    /// <summary>
    /// For work that knows channels but no samples: a plain tensor without height and width, whose planes would be single floats, as planes of sixteen
    /// channels with a row for each sample; one of any other shape as it is.
    /// </summary>
    public static CpuTensor OfChannels(Tensor tensor) => tensor is { Shape.Plane: 1, Layout: { Kind: LayoutKind.Plain, Halo: 0 } } && tensor.Shape.Channels % Lane.Count == 0
        ? new CpuTensor(tensor.Region, tensor.Batch, tensor.Shape.Channels)
        : new CpuTensor(tensor);

    /// <summary>Floats a position: 1 or 16.</summary>
    public int Lanes { get; }

    /// <summary>Logical channels.</summary>
    public int Channels { get; }

    /// <summary>Planes of one sample.</summary>
    public int Planes { get; }

    public int Samples { get; }

    public int Height { get; }

    /// <summary>Floats of a row without the border.</summary>
    public int RowLength { get; }

    /// <summary>Floats from a row to the next.</summary>
    public long RowStride { get; }

    /// <summary>Floats from a plane to the next of the same sample.</summary>
    public long PlaneStride { get; }

    /// <summary>Floats of a plane without the border.</summary>
    public long PlaneSize => (long)Height * RowLength;

    /// <summary>Planes of all samples.</summary>
    public int AllPlanes => Samples * Planes;

    /// <summary>Whether there is no border, so that a sample is one run.</summary>
    public bool IsDense => halo == 0 && !isStrided;

    /// <summary>Whether all samples are one run.</summary>
    public bool IsOneRun => IsDense && gap == 0;

    /// <summary>Positions of a row.</summary>
    public int Width => RowLength / Lanes;

    /// <summary>The first float of a row, border excluded. Planes count through all samples.</summary>
    public float* Row(long plane, int h) => start + plane * PlaneStride + h * RowStride + (gap == 0 ? 0 : plane / Planes * gap);

    /// <summary>Whether this tensor begins at another's plane.</summary>
    public bool StartsAt(in CpuTensor other, long plane) => Row(0, 0) == other.Row(plane, 0);

    /// <summary>Where a region begins.</summary>
    public static float* Pointer(Region region) => ((FloatStorage)region.Storage).Pointer + region.Offset;

    /// <summary>Blocked if every input arrives so, else plain.</summary>
    public static LayoutKind Arriving(KernelRequest r)
    {
        foreach (LayoutKind kind in r.Arrives)
            if (kind != LayoutKind.Blocked) return LayoutKind.Plain;
        return LayoutKind.Blocked;
    }

    /// <summary>Zeros the border of a plane.</summary>
    public void ClearBorder(long plane)
    {
        if (halo == 0) return;
        for (int h = 0; h < Height; h++) ClearBorder(plane, h);
    }

    /// <summary>Zeros the border beside a row; above the first row and below the last, too.</summary>
    public void ClearBorder(long plane, int h)
    {
        if (halo == 0) return;
        float* row = Row(plane, h);
        int side = halo * Lanes;
        Clear(row - side, side);
        Clear(row + RowLength, side);
        if (h == 0) Clear(row - side - halo * RowStride, halo * RowStride);
        if (h == Height - 1) Clear(row - side + RowStride, halo * RowStride);
    }

    /// <summary>Zeros a row, border excluded.</summary>
    public void ClearRow(long plane, int h) => Clear(Row(plane, h), RowLength);

    /// <summary>Copies consecutive planes of a sample to another tensor of the same order, height and width; or adds them.</summary>
    public void CopyPlanes(long plane, in CpuTensor to, long toPlane, int count, bool add)
    {
        if (IsDense && to.IsDense)
        {
            Copy(Row(plane, 0), to.Row(toPlane, 0), count * PlaneStride, add);
            return;
        }
        for (int i = 0; i < count; i++)
        {
            for (int h = 0; h < Height; h++) Copy(Row(plane + i, h), to.Row(toPlane + i, h), RowLength, add);
            if (!add) to.ClearBorder(toPlane + i);
        }
    }

    /// <summary>Copies floats that follow one another, or adds them.</summary>
    public static void Copy(float* from, float* to, long count, bool add)
    {
        if (!add)
        {
            NativeMemory.Copy(from, to, (nuint)count * sizeof(float));
            return;
        }
        for (long i = 0; i < count; i += Lane.Count)
        {
            long left = count - i;
            Lane.Store(Lane.Load(to + i, left) + Lane.Load(from + i, left), to + i, left);
        }
    }

    private static void Clear(float* from, long count) => NativeMemory.Clear(from, (nuint)count * sizeof(float));
}
