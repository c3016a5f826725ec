using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>What is made of the patches' whitened space.</summary>
public enum PatchMethod
{
    /// <summary>Its axes.</summary>
    Pca,

    /// <summary>Centres of clusters.</summary>
    KMeans,

    /// <summary>Random points.</summary>
    Patches,
}

/// <summary>
/// The weights as the paper's own program makes them, for comparison. No patch is cut out: ⌈fan-in / outputs⌉ banks of random filters are
/// pushed through the layer, the responses are whitened (unnormalised scatter, eigenvalues below 1e-6 dropped, others + 1e-3) down to as many
/// dimensions as there are filters, and the result is mixed from the random filters. In grouped layers the random filters span only part of
/// the patches' space, and inner products on planes get no data at all: both as in the program.
/// </summary>
public sealed record RandomBasisWeights(PatchMethod Method) : IWeightFiller
{
    // 500 MB of responses, as the program limits itself to.
    private const long ResponseLimit = 500L * 1024 * 1024 / sizeof(float);

    /// <inheritdoc/>
    public string Name => $"reference-{Method.ToString().ToLowerInvariant()}";

    /// <summary>Positions of a layer that the program keeps: as many as the responses of ⌈fan-in / outputs⌉ banks of filters leave room for.</summary>
    internal static int MostRows(int outputs, int fanIn, long positions) =>
        (int)Math.Min(positions, ResponseLimit / ((long)outputs * ((fanIn + outputs - 1) / outputs)));

    /// <summary>Recorded centres to follow: (rows, count, dimensions, centres) to centres × dimensions.</summary>
    internal Func<float[], int, int, int, double[]>? Centers { get; init; }

    /// <inheritdoc/>
    public string Fill(WeightRequest request)
    {
        int outputs = request.Node.Shape.Channels, fanIn = request.Patches.Dimensions, banks = (fanIn + outputs - 1) / outputs;
        float[][] basis = new float[banks][], responses = new float[banks][];
        RandomSource random = request.Random(RandomPurpose.Weights, 0);
        int[] kept = KeptRows(request);
        for (int s = 0; s < banks; s++)
        {
            basis[s] = new float[outputs * fanIn];
            random.FillGaussian(basis[s]);
            responses[s] = Rows(request.Backend, request.Answer(basis[s]).Read(), request.Node.Shape, kept);
        }
        // The program's number of groups: input channels over the weights' second dimension, which is zero for an inner product on planes.
        Shape input = request.Node.InputShapes[0];
        int groups = input.Channels / (request.Node.Layer is Convolution ? input.Channels / request.Patches.Groups : fanIn);
        if (groups == 0)
        {
            basis[^1].CopyTo(request.Weights, 0);
            return "gaussian";
        }
        for (int group = 0; group < groups; group++) Fill(request, group, groups, kept.Length, basis, responses);
        return Name;
    }

    private void Fill(WeightRequest request, int group, int groups, int rows, float[][] basis, float[][] responses)
    {
        int all = request.Node.Shape.Channels, outputs = all / groups, fanIn = request.Patches.Dimensions, banks = basis.Length, columns = outputs * banks;
        // Column o · banks + s holds bank s's response of output o; the basis has the same order.
        float[] data = new float[(long)rows * columns], filters = new float[columns * fanIn];
        for (int o = 0; o < outputs; o++)
        {
            for (int s = 0; s < banks; s++)
            {
                int channel = group * outputs + o, column = o * banks + s;
                for (int r = 0; r < rows; r++) data[(long)r * columns + column] = responses[s][(long)r * all + channel];
                basis[s].AsSpan(channel * fanIn, fanIn).CopyTo(filters.AsSpan(column * fanIn));
            }
        }
        double[] mixing = rows < outputs ? GaussianMixing(request, group, outputs, columns, rows) : Mixing(request, group, data, rows, columns, outputs);
        var mixed = new double[fanIn];
        for (int k = 0; k < outputs; k++)
        {
            Array.Clear(mixed);
            for (int c = 0; c < columns; c++)
                for (int i = 0; i < fanIn; i++) mixed[i] += mixing[k * columns + c] * filters[c * fanIn + i];
            Span<float> filter = request.Weights.AsSpan((group * outputs + k) * fanIn, fanIn);
            for (int i = 0; i < fanIn; i++) filter[i] = (float)mixed[i];
        }
    }

    private double[] Mixing(WeightRequest request, int group, float[] data, int rows, int columns, int outputs)
    {
        var arithmetic = request.Arithmetic;
        var covariance = new Covariance(arithmetic, columns);
        covariance.Add(data);
        var axes = Whitening.Reference(arithmetic, covariance, outputs, request.Random(RandomPurpose.Eigenvectors, group));
        // diag(s) · Vᵀ: outputs × columns, the smallest eigenvalue first.
        var whitening = new double[outputs * columns];
        for (int k = 0; k < outputs; k++)
        {
            int axis = outputs - 1 - k;
            for (int c = 0; c < columns; c++) whitening[k * columns + c] = axes.Scales[axis] * axes.Vectors[axis * columns + c];
        }
        if (Method == PatchMethod.Pca) return whitening;
        float[] points = UnitRows(request.Backend, data, covariance.Mean(), whitening, rows, columns, outputs);
        int directions = Enumerable.Range(0, rows).Count(r => points.AsSpan(r * outputs, outputs).ContainsAnyExcept(0));
        if (directions < outputs) return GaussianMixing(request, group, outputs, columns, directions);
        double[] centers = Method == PatchMethod.KMeans ? Cluster(request, group, points, rows, outputs) : Chosen(request, group, points, rows, outputs);
        var mixing = new double[outputs * columns];
        for (int k = 0; k < outputs; k++)
            for (int j = 0; j < outputs; j++)
                for (int c = 0; c < columns; c++) mixing[k * columns + c] += centers[k * outputs + j] * whitening[j * columns + c];
        DivideByDeviation(request.Backend, mixing, data, rows, columns);
        return mixing;
    }

    // Whitened rows of unit length: rows × outputs.
    private static float[] UnitRows(Backend backend, float[] data, double[] mean, double[] whitening, int rows, int columns, int outputs)
    {
        float[] points = new float[(long)rows * outputs];
        backend.For(rows, r =>
        {
            var point = new double[outputs];
            double norm = 0;
            for (int k = 0; k < outputs; k++)
            {
                double sum = 0;
                for (int c = 0; c < columns; c++) sum += (data[(long)r * columns + c] - mean[c]) * whitening[k * columns + c];
                point[k] = sum;
                norm += sum * sum;
            }
            norm = Math.Sqrt(norm);
            for (int k = 0; k < outputs; k++) points[(long)r * outputs + k] = norm > 0 ? (float)(point[k] / norm) : 0;
        });
        return points;
    }

    private double[] Cluster(WeightRequest request, int group, float[] points, int rows, int outputs)
    {
        if (Centers is not null) return Centers(points, rows, outputs, outputs);
        Clustering result = new MiniBatchKMeans(request.Arithmetic).Run(points, outputs, outputs, request.Random(RandomPurpose.Clusters, group));
        return [.. result.Centres.Select(v => (double)v)];
    }

    private static double[] Chosen(WeightRequest request, int group, float[] points, int rows, int outputs)
    {
        int[] chosen = request.Random(RandomPurpose.Patches, group).Choose(outputs, rows);
        return [.. chosen.SelectMany(r => points.AsSpan(r * outputs, outputs).ToArray()).Select(v => (double)v)];
    }

    // Each row of the mixing over the deviation of its response.
    private static void DivideByDeviation(Backend backend, double[] mixing, float[] data, int rows, int columns) => backend.For(mixing.Length / columns, k =>
    {
        double sum = 0, squares = 0;
        Span<double> row = mixing.AsSpan(k * columns, columns);
        for (int r = 0; r < rows; r++)
        {
            double response = 0;
            for (int c = 0; c < columns; c++) response += data[(long)r * columns + c] * row[c];
            sum += response;
            squares += response * response;
        }
        double deviation = Math.Sqrt(squares / rows - sum / rows * (sum / rows));
        for (int c = 0; c < columns; c++) row[c] /= deviation;
    });

    private double[] GaussianMixing(WeightRequest request, int group, int outputs, int columns, int rows)
    {
        int images = (outputs + request.Patches.RowsPerSample - 1) / request.Patches.RowsPerSample;
        request.Note(new InitNote(request.Node.Name, "too-few-samples",
            $"{Name} needs at least {outputs} samples that differ from their mean, got {rows}: the weights are Gaussian; use {images} images or more"));
        float[] mixing = new float[outputs * columns];
        request.Random(RandomPurpose.Redraw, group).FillGaussian(mixing);
        return [.. mixing.Select(v => (double)v)];
    }

    // Rows that fit the limit: one random subset, the same for all banks.
    private static int[] KeptRows(WeightRequest request)
    {
        int kept = MostRows(request.Node.Shape.Channels, request.Patches.Dimensions, request.Patches.Rows);
        return kept == request.Patches.Rows
            ? [.. Enumerable.Range(0, kept)]
            : request.Random(RandomPurpose.Patches, 0).Choose(kept, (int)request.Patches.Rows, sorted: true);
    }

    // N×O×P×Q to kept rows × outputs.
    private static float[] Rows(Backend backend, float[] responses, Shape shape, int[] kept)
    {
        float[] rows = new float[(long)kept.Length * shape.Channels];
        backend.For(kept.Length, r =>
        {
            int n = kept[r] / shape.Plane, i = kept[r] % shape.Plane;
            for (int o = 0; o < shape.Channels; o++)
                rows[(long)r * shape.Channels + o] = responses[((long)n * shape.Channels + o) * shape.Plane + i];
        });
        return rows;
    }
}
