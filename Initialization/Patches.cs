using System.Buffers;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// What the units of one affine layer see: a row for every sample and output position, the window's values in the order of the weights
/// (channel, row, column), zeros where the window hangs over the border. Taken exactly, group by group; nothing is projected.
/// </summary>
public sealed class Patches
{
    private readonly Tensor input;
    private readonly Node node;
    private readonly Convolution? convolution;
    private readonly Shape output;
    private readonly Backend backend;

    /// <summary>Looks at <paramref name="input"/> as <paramref name="node"/>, a convolution or an inner product, sees it.</summary>
    public Patches(Backend backend, Tensor input, Node node)
    {
        (this.backend, this.input, this.node, output, convolution) = (backend, input, node, node.Shape, node.Layer as Convolution);
        Groups = convolution?.Groups ?? 1;
        Dimensions = convolution is null
            ? input.Shape.Count
            : input.Shape.Channels / Groups * convolution.Kernel.Height * convolution.Kernel.Width;
    }

    /// <summary>Where the patches are cut from.</summary>
    internal Tensor Input => input;

    /// <summary>Size of the layer's output.</summary>
    internal Shape Output => output;

    /// <summary>The window; null for an inner product.</summary>
    internal Convolution? Window => convolution;

    /// <summary>What cuts patches out where a device holds the input; null where that is the host.</summary>
    internal IInitializerKernels? Kernels => backend.InitializerKernels;

    /// <summary>Groups of the layer; each has its own input channels and outputs.</summary>
    public int Groups { get; }

    /// <summary>Length of a row: fan-in of one group.</summary>
    public int Dimensions { get; }

    /// <summary>Output positions of one sample.</summary>
    public int RowsPerSample => output.Plane;

    /// <summary>Rows of all samples.</summary>
    public long Rows => (long)input.Batch * RowsPerSample;

    /// <summary>One group's, for <see cref="Kernels"/>.</summary>
    internal PatchGroup Of(int group) => new(input, node, group);

    /// <summary>
    /// Hands out all rows of a group in order, <paramref name="limit"/> at a time: visit(rows, count) with rows of count × dimensions.
    /// The array is reused.
    /// </summary>
    public void ForEach(int group, int limit, Action<float[], int> visit)
    {
        limit = (int)Math.Min(limit, Rows);
        float[] rows = new float[(long)limit * Dimensions], sample = new float[input.Shape.Count];
        int filled = 0;
        for (int n = 0; n < input.Batch; n++)
        {
            input.Read(n, sample);
            for (int first = 0, count; first < RowsPerSample; first += count)
            {
                count = Math.Min(limit - filled, RowsPerSample - first);
                Unroll(sample, group, first, count, rows, filled);
                filled += count;
                if (filled < limit) continue;
                visit(rows, filled);
                filled = 0;
            }
        }
        if (filled > 0) visit(rows, filled);
    }

    /// <summary>Some rows of a group, by ascending number: chosen × dimensions.</summary>
    public float[] Choose(int group, IReadOnlyList<int> chosen)
    {
        float[] rows = new float[(long)chosen.Count * Dimensions];
        Choose(group, chosen, rows);
        return rows;
    }

    /// <summary>Some rows of a group, by ascending number, into the beginning of rows.</summary>
    public void Choose(int group, IReadOnlyList<int> chosen, float[] rows)
    {
        BySample(chosen, (n, first, end) =>
        {
            float[] rented = ArrayPool<float>.Shared.Rent(input.Shape.Count);
            Span<float> sample = rented.AsSpan(0, input.Shape.Count);
            input.Read(n, sample);
            for (int i = first; i < end; i++) Unroll(sample, group, chosen[i] % RowsPerSample, rows.AsSpan(i * Dimensions, Dimensions));
            ArrayPool<float>.Shared.Return(rented);
        });
    }

    /// <summary>Calls visit(sample, first, end) by all threads for each sample of which some rows, chosen[first] … chosen[end − 1], are wanted.</summary>
    internal void BySample(IReadOnlyList<int> chosen, Action<int, int, int> visit)
    {
        List<int> starts = [];
        for (int i = 0; i < chosen.Count; i++)
            if (i == 0 || chosen[i] / RowsPerSample != chosen[i - 1] / RowsPerSample) starts.Add(i);
        backend.For(starts.Count, s => visit(chosen[starts[s]] / RowsPerSample, starts[s], s + 1 < starts.Count ? starts[s + 1] : chosen.Count));
    }

    /// <summary>Rows first … first + count of one sample (C×H×W) of a group, into rows at … at + count of count × dimensions.</summary>
    public void Unroll(float[] sample, int group, int first, int count, float[] rows, int at = 0)
    {
        const int Piece = 64;
        backend.For((count + Piece - 1) / Piece, piece =>
        {
            for (int i = piece * Piece; i < Math.Min(count, (piece + 1) * Piece); i++)
                Unroll(sample, group, first + i, rows.AsSpan((at + i) * Dimensions, Dimensions));
        });
    }

    /// <summary>
    /// The part of a patch that some of the window's rows and columns see, of a window whose first tap lies at (top, left): channels × rows × columns.
    /// The window may hang over the border as far as it likes.
    /// </summary>
    internal void Unroll(ReadOnlySpan<float> sample, int group, int top, int left, Range rows, Range columns, Span<float> patch)
    {
        Shape x = input.Shape;
        (int firstRow, int height) = rows.GetOffsetAndLength(convolution!.Kernel.Height);
        (int firstColumn, int width) = columns.GetOffsetAndLength(convolution.Kernel.Width);
        int channels = x.Channels / Groups, step = convolution.Dilation.Width;
        left += firstColumn * step;
        bool whole = step == 1 && left >= 0 && left + width <= x.Width;
        int to = 0;
        for (int c = group * channels; c < (group + 1) * channels; c++)
        {
            for (int r = firstRow; r < firstRow + height; r++, to += width)
            {
                int h = top + r * convolution.Dilation.Height;
                Span<float> window = patch.Slice(to, width);
                if ((uint)h >= (uint)x.Height)
                {
                    window.Clear();
                    continue;
                }
                ReadOnlySpan<float> line = sample.Slice((c * x.Height + h) * x.Width, x.Width);
                if (whole)
                {
                    Copy(line.Slice(left, width), window);
                    continue;
                }
                for (int t = 0; t < width; t++)
                {
                    int w = left + t * step;
                    window[t] = (uint)w < (uint)x.Width ? line[w] : 0;
                }
            }
        }
    }

    // A row of a window is too short for what a general copy costs to begin; one of 8 to 16 values is two vectors that overlap.
    private static void Copy(ReadOnlySpan<float> from, Span<float> to)
    {
        int width = Vector256<float>.Count, length = from.Length;
        if (length >= width && length <= 2 * width)
        {
            Vector256.Create(from).CopyTo(to);
            Vector256.Create(from[(length - width)..]).CopyTo(to[(length - width)..]);
            return;
        }
        for (int t = 0; t < to.Length; t++) to[t] = from[t];
    }

    private void Unroll(ReadOnlySpan<float> sample, int group, int position, Span<float> row)
    {
        if (convolution is null)
        {
            sample.CopyTo(row);
            return;
        }
        int top = position / output.Width * convolution.Stride.Height - convolution.Pad.Height;
        int left = position % output.Width * convolution.Stride.Width - convolution.Pad.Width;
        Unroll(sample, group, top, left, .., .., row);
    }
}
