using System.Buffers;

namespace EvenNet.Framework;

/// <summary>
/// Bilinear resize, bit for bit as OpenCV's INTER_LINEAR on 8 bits: half-pixel centres, edges repeated, no smoothing before a reduction,
/// weights rounded to 1/2048, rows first in integers, then columns with the products cut to 16 bits less.
/// </summary>
public static class Resize
{
    private const int WeightBits = 11;

    /// <summary>Resizes interleaved bytes. source: height × width × channels; destination: newHeight × newWidth × channels.</summary>
    /// <exception cref="ArgumentException">A size is not positive, or a buffer has another length.</exception>
    public static void Bilinear(ReadOnlySpan<byte> source, int width, int height, int channels, Span<byte> destination, int newWidth, int newHeight)
    {
        Check(source.Length, width, height, channels);
        Check(destination.Length, newWidth, newHeight, channels);
        if ((width, height) == (newWidth, newHeight))
        {
            source.CopyTo(destination);
            return;
        }
        int rowValues = newWidth * channels;
        Step[] steps = ArrayPool<Step>.Shared.Rent(newWidth);
        int[] upper = ArrayPool<int>.Shared.Rent(rowValues), lower = ArrayPool<int>.Shared.Rent(rowValues);
        try
        {
            MakeSteps(width, channels, steps.AsSpan(0, newWidth));
            int upperRow = -1, lowerRow = -1;
            double scale = 1 / ((double)newHeight / height);
            for (int y = 0; y < newHeight; y++)
            {
                (int row, float part) = Position(y, scale);
                int first = Math.Clamp(row, 0, height - 1), second = Math.Clamp(row + 1, 0, height - 1);
                if (first == lowerRow) (upper, upperRow, lower, lowerRow) = (lower, lowerRow, upper, upperRow);
                if (first != upperRow) Row(source.Slice(first * width * channels, width * channels), channels, steps.AsSpan(0, newWidth), upper);
                if (second != lowerRow) Row(source.Slice(second * width * channels, width * channels), channels, steps.AsSpan(0, newWidth), lower);
                (upperRow, lowerRow) = (first, second);
                Blend(upper.AsSpan(0, rowValues), lower.AsSpan(0, rowValues), Weight(1 - part), Weight(part), destination.Slice(y * rowValues, rowValues));
            }
        }
        finally
        {
            ArrayPool<Step>.Shared.Return(steps);
            ArrayPool<int>.Shared.Return(upper);
            ArrayPool<int>.Shared.Return(lower);
        }
    }

    // The source coordinate of a destination pixel's centre: whole part and fraction, in float as OpenCV keeps it.
    private static (int Whole, float Part) Position(int index, double scale)
    {
        float position = (float)((index + 0.5) * scale - 0.5);
        int whole = (int)MathF.Floor(position);
        return (whole, position - whole);
    }

    private static int Weight(float part) => (int)MathF.Round(part * (1 << WeightBits), MidpointRounding.ToEven);

    // Beyond the edges the edge pixel has all the weight.
    private static void MakeSteps(int width, int channels, Span<Step> steps)
    {
        double scale = 1 / ((double)steps.Length / width);
        for (int x = 0; x < steps.Length; x++)
        {
            (int left, float part) = Position(x, scale);
            if (left < 0) (left, part) = (0, 0);
            if (left >= width - 1) (left, part) = (width - 1, 0);
            steps[x] = new Step(left * channels, Math.Min(left + 1, width - 1) * channels, Weight(1 - part), Weight(part));
        }
    }

    // The row at the new width, in units of 1/2048.
    private static void Row(ReadOnlySpan<byte> source, int channels, ReadOnlySpan<Step> steps, Span<int> result)
    {
        int at = 0;
        foreach (ref readonly Step step in steps)
            for (int c = 0; c < channels; c++) result[at++] = source[step.Left + c] * step.LeftWeight + source[step.Right + c] * step.RightWeight;
    }

    private static void Blend(ReadOnlySpan<int> upper, ReadOnlySpan<int> lower, int upperWeight, int lowerWeight, Span<byte> result)
    {
        for (int i = 0; i < result.Length; i++)
            result[i] = (byte)((((upper[i] >> 4) * upperWeight >> 16) + ((lower[i] >> 4) * lowerWeight >> 16) + 2) >> 2);
    }

    private static void Check(int length, int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (length != (long)width * height * channels) throw new ArgumentException($"{width}×{height} pixels of {channels} channels are {(long)width * height * channels} bytes, got {length}");
    }

    // Where a new pixel comes from: the first bytes of two source pixels, and their weights in 1/2048.
    private readonly record struct Step(int Left, int Right, int LeftWeight, int RightWeight);
}
