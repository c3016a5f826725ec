using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Centres of clusters of whitened patches, by spherical k-means (Krähenbühl et al. 2016, §3.1, after Coates and Ng 2012): the whitening is
/// folded into the filter, so that filter i answers a patch with the inner product of centre i and the whitened patch.
/// </summary>
public sealed record KMeansWeights : PatchFiller
{
    /// <inheritdoc/>
    public override string Name => "kmeans";

    // So many patches place a centre well enough: the default of the field's clustering libraries (Johnson et al. 2021, "Billion-scale similarity
    // search with GPUs", whose program FAISS takes 256 points a centre).
    private const int PatchesPerCentre = 256;

    // So many cost next to nothing, however few the centres.
    private const int CheapPatches = 1 << 15;

    /// <summary>
    /// Most patches to cluster; a random subset beyond. Mean and covariance always use all. By default 256 for each centre and at least 32,768, or as many as the paper's
    /// program clusters where these are fewer: 131,072,000 values of ⌈fan-in / outputs⌉ · outputs each, which is 28,444 patches of 512 channels' 3×3.
    /// </summary>
    public int? MostPatches { get; init; }

    // Clustering is by angles, which no turn within the whitened space changes: that the space is the leading one is enough.
    private protected override double Tolerance => 0.05;

    /// <inheritdoc/>
    protected override string Surplus => "the centres lie within these";

    /// <inheritdoc/>
    protected override float[] Points(WeightRequest request, int group, Whitening whitening, WhitenedPatches patches)
    {
        int most = MostPatches ?? Math.Min(Math.Max(CheapPatches, PatchesPerCentre * request.OutputsPerGroup), RandomBasisWeights.MostRows(request.Node.Shape.Channels, request.Patches.Dimensions, request.Patches.Rows));
        int rows = (int)Math.Min(request.Patches.Rows, most);
        int[] chosen = rows == request.Patches.Rows
            ? [.. Enumerable.Range(0, rows)]
            : request.Random(RandomPurpose.Patches, group).Choose(rows, (int)request.Patches.Rows, sorted: true);
        float[] points = patches.Choose(group, chosen);
        int directions = UnitRows.Normalise(request.Arithmetic, points, whitening.Dimensions).Length;
        if (directions < request.OutputsPerGroup)
        {
            request.Note(new InitNote(request.Node.Name, "too-few-samples",
                $"{directions} patches differ from the mean, too few for {request.OutputsPerGroup} clusters: the filters are random directions of the whitened patches; use other images"));
            float[] random = new float[request.OutputsPerGroup * whitening.Dimensions];
            RandomDirections(random, whitening.Dimensions, 0, request.Random(RandomPurpose.Weights, group));
            return random;
        }
        var kMeans = new SphericalKMeans(request.Arithmetic) { Progress = (_, _) => request.Cancellation.ThrowIfCancellationRequested() };
        Clustering clusters = kMeans.Run(points, whitening.Dimensions, request.OutputsPerGroup, request.Random(RandomPurpose.Clusters, group));
        if (clusters.Reseeds > 0)
        {
            request.Note(new InitNote(request.Node.Name, "empty-cluster",
                $"{clusters.Reseeds} of {request.OutputsPerGroup} clusters ran empty and started again at the patches that fitted worst"));
        }
        return clusters.Centres;
    }
}
