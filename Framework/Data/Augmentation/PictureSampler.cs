using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Framework;

/// <summary>Takes a window out of a picture: float32 planes, (level − mean) · scale inside the picture and 0 beyond. For one thread.</summary>
/// <param name="shape">Of the result.</param>
internal sealed class PictureSampler(Shape shape)
{
    // Of each column of the result: the first bytes of its two pixels in the row, and the left one's weight.
    private readonly int[] left = new int[shape.Width], right = new int[shape.Width];
    private readonly float[] weight = new float[shape.Width];

    // A row of the picture between two of its rows, interleaved.
    private float[] blend = [];

    /// <summary>The rows of the last result that lie inside the picture.</summary>
    public Range Rows { get; private set; }

    /// <summary>The columns of the last result that lie inside the picture.</summary>
    public Range Columns { get; private set; }

    /// <summary>Writes channels × height × width values.</summary>
    public void Sample(ImageBuffer picture, Window window, BgrMean mean, float scale, Span<float> result)
    {
        Rows = Inside(window.StepY, window.OffsetY, shape.Height, picture.FullHeight);
        Columns = Inside(window.StepX, window.OffsetX, shape.Width, picture.FullWidth);
        (int top, int bottom) = (Rows.Start.Value, Rows.End.Value);
        if (bottom - top < shape.Height || Columns.End.Value - Columns.Start.Value < shape.Width) result.Clear();
        if (bottom == top || Columns.End.Value == Columns.Start.Value) return;
        bool isWhole = window.IsWhole && (picture.Width, picture.Height) == (picture.FullWidth, picture.FullHeight);
        if (isWhole) Copy(picture, window, mean, scale, result);
        else Interpolate(picture, window, mean, scale, result);
    }

    // The positions i of 0 … count − 1 with 0 ≤ step · i + offset < size; they are neighbours.
    private static Range Inside(float step, float offset, int count, int size)
    {
        int first = 0, last = count - 1;
        while (first <= last && !IsInside(step * first + offset, size)) first++;
        while (last >= first && !IsInside(step * last + offset, size)) last--;
        return first..(last + 1);
    }

    private static bool IsInside(float position, int size) => position >= 0 && position < size;

    private void Copy(ImageBuffer picture, Window window, BgrMean mean, float scale, Span<float> result)
    {
        int channels = picture.Channels, stride = channels * picture.Width, first = Columns.Start.Value, count = Columns.End.Value - first, plane = shape.Plane;
        int step = window.StepX < 0 ? -channels : channels, start = channels * (int)(window.StepX * first + window.OffsetX);
        for (int y = Rows.Start.Value; y < Rows.End.Value; y++)
        {
            ReadOnlySpan<byte> row = picture.Pixels.Slice((int)(y + window.OffsetY) * stride, stride);
            Span<float> blue = result.Slice(y * shape.Width + first, count);
            if (channels == 1)
            {
                for (int x = 0, from = start; x < blue.Length; x++, from += step) blue[x] = (row[from] - mean.Blue) * scale;
                continue;
            }
            Span<float> green = result.Slice(plane + y * shape.Width + first, count), red = result.Slice(2 * plane + y * shape.Width + first, count);
            for (int x = 0, from = start; x < blue.Length; x++, from += step)
            {
                blue[x] = (row[from] - mean.Blue) * scale;
                green[x] = (row[from + 1] - mean.Green) * scale;
                red[x] = (row[from + 2] - mean.Red) * scale;
            }
        }
    }

    // Rows first, as far as the window reaches, then columns. Of a picture decoded at a smaller scale the pixel centres are kept: full position p is (p + ½)·s − ½.
    private void Interpolate(ImageBuffer picture, Window window, BgrMean mean, float scale, Span<float> result)
    {
        int channels = picture.Channels, stride = channels * picture.Width, plane = shape.Plane;
        float shrinkX = (float)picture.Width / picture.FullWidth, shrinkY = (float)picture.Height / picture.FullHeight;
        (int from, int to) = PlaceColumns(picture, window, shrinkX);
        if (blend.Length < stride) blend = new float[stride];
        ReadOnlySpan<byte> pixels = picture.Pixels;
        for (int y = Rows.Start.Value; y < Rows.End.Value; y++)
        {
            (int upper, int lower, float part) = Neighbours(window.StepY * y + window.OffsetY, shrinkY, picture.Height);
            Blend(pixels.Slice(upper * stride + from, to - from), pixels.Slice(lower * stride + from, to - from), part, blend.AsSpan(from, to - from));
            if (channels == 1) Row(result.Slice(y * shape.Width, shape.Width), mean.Blue, scale);
            else Row(result.Slice(y * shape.Width, shape.Width), result.Slice(plane + y * shape.Width, shape.Width), result.Slice(2 * plane + y * shape.Width, shape.Width), mean, scale);
        }
    }

    // Fills left, right and weight; returns the bytes of a row that they need.
    private (int From, int To) PlaceColumns(ImageBuffer picture, Window window, float shrink)
    {
        int from = int.MaxValue, to = 0;
        for (int x = Columns.Start.Value; x < Columns.End.Value; x++)
        {
            (int first, int second, weight[x]) = Neighbours(window.StepX * x + window.OffsetX, shrink, picture.Width);
            (left[x], right[x]) = (first * picture.Channels, second * picture.Channels);
            (from, to) = (Math.Min(from, left[x]), Math.Max(to, right[x] + picture.Channels));
        }
        return (from, to);
    }

    // The two pixels around a position of the full picture, and the first one's weight. Past the last pixel's centre it stands alone.
    private static (int First, int Second, float Weight) Neighbours(float position, float shrink, int size)
    {
        if (shrink != 1) position = Math.Clamp((position + 0.5f) * shrink - 0.5f, 0, size - 1);
        int first = (int)position, second = Math.Min(first + 1, size - 1);
        return (first, second, second == first ? 1 : second - position);
    }

    private static void Blend(ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lower, float part, Span<float> result)
    {
        int i = 0;
        float rest = 1 - part;
        if (Vector256.IsHardwareAccelerated)
        {
            ref byte a = ref MemoryMarshal.GetReference(upper), b = ref MemoryMarshal.GetReference(lower);
            ref float to = ref MemoryMarshal.GetReference(result);
            for (; i <= result.Length - 16; i += 16)
            {
                (Vector128<ushort> a0, Vector128<ushort> a1) = Vector128.Widen(Vector128.LoadUnsafe(ref a, (nuint)i));
                (Vector128<ushort> b0, Vector128<ushort> b1) = Vector128.Widen(Vector128.LoadUnsafe(ref b, (nuint)i));
                (Float(a0) * part + Float(b0) * rest).StoreUnsafe(ref to, (nuint)i);
                (Float(a1) * part + Float(b1) * rest).StoreUnsafe(ref to, (nuint)i + 8);
            }
        }
        for (; i < result.Length; i++) result[i] = upper[i] * part + lower[i] * rest;
    }

    private static Vector256<float> Float(Vector128<ushort> levels)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(levels);
        return Vector256.ConvertToSingle(Vector256.Create(low, high).AsInt32());
    }

    private void Row(Span<float> grey, float mean, float scale)
    {
        ReadOnlySpan<float> row = blend;
        for (int x = Columns.Start.Value; x < Columns.End.Value; x++)
        {
            float part = weight[x];
            grey[x] = (row[left[x]] * part + row[right[x]] * (1 - part) - mean) * scale;
        }
    }

    private void Row(Span<float> blue, Span<float> green, Span<float> red, BgrMean mean, float scale)
    {
        ReadOnlySpan<float> row = blend;
        for (int x = Columns.Start.Value; x < Columns.End.Value; x++)
        {
            ReadOnlySpan<float> a = row.Slice(left[x], 3), b = row.Slice(right[x], 3);
            float part = weight[x], rest = 1 - part;
            blue[x] = (a[0] * part + b[0] * rest - mean.Blue) * scale;
            green[x] = (a[1] * part + b[1] * rest - mean.Green) * scale;
            red[x] = (a[2] * part + b[2] * rest - mean.Red) * scale;
        }
    }
}
