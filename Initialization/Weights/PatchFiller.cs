using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// What the methods share that look at patches: group by group, points in the whitened space mapped back to filters. Inner products get
/// Gaussian weights, as in the paper (§3.1: the data-dependent weights are for convolutions), unless asked otherwise.
/// </summary>
public abstract record PatchFiller : IWeightFiller
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>Use the method for inner products too.</summary>
    public bool InnerProducts { get; init; }

    /// <inheritdoc/>
    public string Fill(WeightRequest request)
    {
        if (request.Node.Layer is InnerProduct && !InnerProducts) return new GaussianWeights().Fill(request);
        int outputs = request.OutputsPerGroup;
        if (request.Patches.Rows <= outputs)
        {
            long needed = outputs / request.Patches.RowsPerSample + 1;
            request.Note(new InitNote(request.Node.Name, "too-few-samples",
                $"{Name} needs more than {outputs} patches per group, got {request.Patches.Rows}: the weights are Gaussian; use {needed} images or more"));
            return new GaussianWeights().Fill(request);
        }
        var window = WindowCovariance.Of(request.Backend, request.Patches, request.Cancellation);
        Whitening[] whitenings = [.. Enumerable.Range(0, request.Patches.Groups).Select(group => Whiten(request, group, window))];
        var patches = new WhitenedPatches(request, whitenings);
        for (int group = 0; group < whitenings.Length; group++)
        {
            Whitening whitening = whitenings[group];
            if (whitening.Dimensions == 0)
            {
                request.Note(new InitNote(request.Node.Name, "constant-layer", "all patches are alike: the weights are Gaussian; are the images constant?"));
                return new GaussianWeights().Fill(request);
            }
            if (whitening.Rank < outputs)
            {
                request.Note(new InitNote(request.Node.Name, "rank",
                    $"{outputs} filters but the patches vary in {whitening.Rank} of {whitening.Inputs} directions: {Surplus}"));
            }
            whitening.Fold(Points(request, group, whitening, patches)).CopyTo(request.GroupWeights(group));
        }
        return Name;
    }

    /// <summary>What happens when there are more filters than directions.</summary>
    protected abstract string Surplus { get; }

    /// <summary>The group's filters in the whitened space: outputs per group × kept.</summary>
    protected abstract float[] Points(WeightRequest request, int group, Whitening whitening, WhitenedPatches patches);

    /// <summary>How exactly the directions are found: <see cref="SymmetricEigen.Tolerance"/>.</summary>
    private protected virtual double Tolerance => SymmetricEigen.DefaultTolerance;

    // Mean and covariance of every patch of every image; once more on the whitened patches where float32 leaves the weak directions open.
    private Whitening Whiten(WeightRequest request, int group, WindowCovariance? window)
    {
        const int ChunkRows = 2048;
        int d = request.Patches.Dimensions;
        Covariance Covariance(Whitening? whitening)
        {
            int m = whitening?.Dimensions ?? d;
            var covariance = new Covariance(request.Arithmetic, m);
            if (covariance.Take(request.Patches, group, whitening)) return covariance;
            float[] white = whitening is null ? [] : new float[ChunkRows * m];
            request.Patches.ForEach(group, ChunkRows, (rows, count) =>
            {
                request.Cancellation.ThrowIfCancellationRequested();
                whitening?.Apply(rows.AsMemory(0, count * d), white.AsMemory(0, count * m));
                covariance.Add((whitening is null ? rows : white).AsMemory(0, count * m));
            });
            return covariance;
        }
        RandomSource random = request.Random(RandomPurpose.Eigenvectors, group);
        Whitening whitening;
        if (window is null) whitening = Whitening.Of(request.Arithmetic, Covariance(null), request.OutputsPerGroup, random, Tolerance);
        else
        {
            (double[] mean, double[] covariance) = window.Values(group);
            whitening = Whitening.Of(request.Arithmetic, mean, covariance, request.OutputsPerGroup, random, Tolerance);
        }
        return whitening.IsResolved ? whitening : whitening.Refined(Covariance(whitening));
    }

    /// <summary>Fills rows from <paramref name="first"/> on with random unit vectors.</summary>
    private protected static void RandomDirections(Span<float> points, int dimensions, int first, RandomSource random)
    {
        for (int p = first; p < points.Length / dimensions; p++)
        {
            Span<float> point = points.Slice(p * dimensions, dimensions);
            random.FillGaussian(point);
            double norm = Math.Sqrt(VectorMath.SquaredNorm(point));
            foreach (ref float v in point) v = (float)(v / norm);
        }
    }
}
