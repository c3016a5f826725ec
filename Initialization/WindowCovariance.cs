using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Mean and covariance of a convolution's patches without cutting them out, for windows that move by single steps. Over all positions at which a
/// window touches the image, Σ_p x[a, p + t] · x[b, p + t′] depends on channels and distance alone: it is L[a, b, t′ − t] with
/// L[a, b, δ] = Σ_u x[a, u] · x[b, u + δ], the weight gradient of a larger window with the input itself in the errors' place. The few positions around
/// the border that the layer does not have are cut out, <see cref="BorderStrip"/> by strip, and taken off.
/// A patch of d = C·K² values costs C²·K·(2K − 1) products instead of d² / 2.
/// </summary>
internal sealed class WindowCovariance
{
    // Products of so many positions are summed in float32 before they are added in double.
    private const int ChunkPositions = 1 << 13, MostSamples = 64;

    private readonly Backend backend;
    private readonly Patches patches;
    private readonly Extent window;
    private readonly int channels;
    private readonly double[] lags, totals;

    private WindowCovariance(Backend backend, Patches patches, double[] lags)
    {
        (this.backend, this.patches, this.lags) = (backend, patches, lags);
        window = patches.Window!.Kernel;
        channels = patches.Input.Shape.Channels / patches.Groups;
        double positions = patches.Input.Batch * (double)patches.Input.Shape.Plane;
        totals = [.. backend.Moments(patches.Input).Mean.Select(m => m * positions)];
    }

    /// <summary>The covariance of all groups' patches, or null where cutting them out is cheaper, as it is where a device does it, or the backend has no kernel for it.</summary>
    public static WindowCovariance? Of(Backend backend, Patches patches, CancellationToken cancellation)
    {
        if (backend.InitializerKernels is not null || patches.Window is not { Stride: { Height: 1, Width: 1 }, Dilation: { Height: 1, Width: 1 } } layer) return null;
        (Tensor x, Extent k) = (patches.Input, layer.Kernel);
        if (layer.Pad.Height >= k.Height || layer.Pad.Width >= k.Width) return null;
        long lagCount = (long)k.Height * (2 * k.Width - 1), taps = (long)k.Height * k.Width;
        if (lagCount * x.Shape.Plane > taps * taps * patches.Output.Plane) return null;

        // Distances up and to both sides; those down are the same products with the channels exchanged.
        var wide = new Convolution(x.Shape.Channels, new Extent(k.Height, 2 * k.Width - 1)) { Pad = new Extent(k.Height - 1, k.Width - 1), Groups = layer.Groups };
        int samples = Math.Clamp(ChunkPositions / x.Shape.Plane, 1, MostSamples);
        double[] lags = new double[x.Shape.Channels / layer.Groups * x.Shape.Channels * lagCount];
        float[] sums = new float[lags.Length];
        for (int first = 0; first < x.Batch; first += samples)
        {
            cancellation.ThrowIfCancellationRequested();
            Array.Clear(sums);
            if (!backend.AddWeightGradients(wide, x, x, first, Math.Min(samples, x.Batch - first), squares: false, sums)) return null;
            const int Piece = 1 << 16;
            backend.For((sums.Length + Piece - 1) / Piece, piece =>
            {
                int at = piece * Piece, length = Math.Min(Piece, sums.Length - at);
                VectorMath.Add(sums.AsSpan(at, length), lags.AsSpan(at, length));
            });
        }
        return new WindowCovariance(backend, patches, lags);
    }

    /// <summary>Mean of a group's patches, d, and their population covariance, d×d.</summary>
    public (double[] Mean, double[] Covariance) Values(int group)
    {
        int d = patches.Dimensions, taps = window.Height * window.Width;
        double count = patches.Rows;
        double[] sum = [.. Enumerable.Range(0, d).Select(i => totals[group * channels + i / taps])], scatter = new double[(long)d * d];
        backend.For(d, i => Lags(group, i, scatter.AsSpan(i * d, i + 1)));
        foreach (BorderStrip strip in BorderStrip.Around(patches)) strip.TakeOff(backend, patches, group, sum, scatter);

        double[] mean = [.. sum.Select(s => s / count)];
        backend.For(d, i =>
        {
            for (int j = 0; j <= i; j++) scatter[i * d + j] = scatter[i * d + j] / count - mean[i] * mean[j];
        });
        Mirror(scatter, d);
        return (mean, scatter);
    }

    // Row i of the scatter up to its diagonal, for all positions at which the window touches the image.
    private void Lags(int group, int i, Span<double> row)
    {
        int taps = window.Height * window.Width, across = 2 * window.Width - 1, size = window.Height * across;
        int a = i / taps, ra = i % taps / window.Width, sa = i % window.Width;
        for (int j = 0; j < row.Length; j++)
        {
            int b = j / taps, rb = j % taps / window.Width, sb = j % window.Width;
            bool above = rb <= ra;
            long pair = above ? (long)(group * channels + a) * channels + b : (long)(group * channels + b) * channels + a;
            int up = above ? rb - ra : ra - rb, right = above ? sb - sa : sa - sb;
            row[j] = lags[pair * size + (up + window.Height - 1) * across + right + window.Width - 1];
        }
    }

    // The upper triangle from the lower, block by block so that both stay in the cache.
    private void Mirror(double[] matrix, int d)
    {
        const int Block = 64;
        backend.For((d + Block - 1) / Block, block =>
        {
            for (int left = block * Block; left < d; left += Block)
                for (int i = block * Block; i < Math.Min(d, (block + 1) * Block); i++)
                    for (int j = Math.Max(left, i + 1); j < Math.Min(d, left + Block); j++) matrix[i * d + j] = matrix[j * d + i];
        });
    }
}
