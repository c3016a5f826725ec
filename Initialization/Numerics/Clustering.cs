namespace EvenNet.Initialization;

/// <summary>What a clustering found.</summary>
/// <param name="Dimensions">Length of a row and of a centre, m.</param>
/// <param name="Centres">K×m.</param>
/// <param name="Assignments">The cluster of each row, or −1 for a row without a direction: n.</param>
/// <param name="Sizes">Rows in each cluster: K.</param>
/// <param name="Inertia">Σ ‖row − its centre‖² over the rows that have a direction, these scaled to unit length.</param>
/// <param name="Iterations">Passes over all rows, or mini-batches.</param>
/// <param name="Reseeds">How often an empty or failing cluster was put elsewhere.</param>
public sealed record Clustering(
    int Dimensions, float[] Centres, int[] Assignments, int[] Sizes, double Inertia, int Iterations, int Reseeds)
{
    /// <summary>Rows shorter than <see cref="ShortestRow"/>, which belong to no cluster.</summary>
    public int Skipped => Assignments.Length - Sizes.Sum();

    /// <summary>A whitened patch has lengths around √m; shorter ones than this have no direction but rounding.</summary>
    public const double ShortestRow = 1e-8;
}
