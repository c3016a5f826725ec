using System.Buffers;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Windows that touch the image from outside a convolution's output positions, all of them with the same part of the window: <paramref name="Rows"/> ×
/// <paramref name="Columns"/> of its taps. Their first taps lie at <paramref name="Positions"/>.
/// </summary>
internal sealed record BorderStrip((int Top, int Left)[] Positions, Range Rows, Range Columns)
{
    private const int ChunkRows = 2048, MostSamples = 16;

    /// <summary>All windows of step one that touch the input and are none of the layer's: a strip for each row above and below, and for each column beside.</summary>
    public static IEnumerable<BorderStrip> Around(Patches patches)
    {
        (Shape x, Shape y, Convolution layer) = (patches.Input.Shape, patches.Output, patches.Window!);
        (int height, int width) = (layer.Kernel.Height, layer.Kernel.Width);
        foreach (int top in Outside(x.Height, height, layer.Pad.Height, y.Height))
            yield return new([.. Enumerable.Range(1 - width, x.Width + width - 1).Select(left => (top, left))], Touching(top, x.Height, height), ..);
        foreach (int left in Outside(x.Width, width, layer.Pad.Width, y.Width))
            yield return new([.. Enumerable.Range(-layer.Pad.Height, y.Height).Select(top => (top, left))], .., Touching(left, x.Width, width));
    }

    /// <summary>Takes the strip's patches of one group off sum, d, and the lower triangle of scatter, d×d.</summary>
    public void TakeOff(Backend backend, Patches patches, int group, double[] sum, double[] scatter)
    {
        Tensor x = patches.Input;
        Extent window = patches.Window!.Kernel;
        (int firstRow, int rows) = Rows.GetOffsetAndLength(window.Height);
        (int firstColumn, int columns) = Columns.GetOffsetAndLength(window.Width);
        int part = x.Shape.Channels / patches.Groups * rows * columns, d = patches.Dimensions;
        int samples = Math.Min(x.Batch, Math.Clamp(ChunkRows / Positions.Length, 1, MostSamples));
        float[] cut = new float[(long)samples * Positions.Length * part], product = new float[(long)part * part];
        double[] partSum = new double[part];
        for (int first = 0; first < x.Batch; first += samples)
        {
            int start = first, count = Math.Min(samples, x.Batch - first);
            backend.For(count, n =>
            {
                float[] rented = ArrayPool<float>.Shared.Rent(x.Shape.Count);
                Span<float> sample = rented.AsSpan(0, x.Shape.Count);
                x.Read(start + n, sample);
                for (int p = 0; p < Positions.Length; p++)
                    patches.Unroll(sample, group, Positions[p].Top, Positions[p].Left, Rows, Columns, cut.AsSpan((n * Positions.Length + p) * part, part));
                ArrayPool<float>.Shared.Return(rented);
            });
            int cuts = count * Positions.Length;
            backend.Gemm(true, false, part, part, cuts, cut, cut, product, accumulate: true);
            for (int p = 0; p < cuts; p++) VectorMath.Add(cut.AsSpan(p * part, part), partSum);
        }

        int[] place = [.. Enumerable.Range(0, part).Select(i => (i / (rows * columns) * window.Height + firstRow + i / columns % rows) * window.Width + firstColumn + i % columns)];
        for (int i = 0; i < part; i++) sum[place[i]] -= partSum[i];
        backend.For(part, i =>
        {
            for (int j = 0; j <= i; j++) scatter[place[i] * d + place[j]] -= product[i * part + j];
        });
    }

    // First rows (or columns) of windows that touch an image of this size but are not among the layer's outputs.
    private static IEnumerable<int> Outside(int size, int kernel, int pad, int outputs) =>
        Enumerable.Range(1 - kernel, size + kernel - 1).Where(first => first < -pad || first >= outputs - pad);

    // The taps of a window that starts at first which lie in the image.
    private static Range Touching(int first, int size, int kernel) => Math.Max(0, -first)..Math.Min(kernel, size - first);
}
