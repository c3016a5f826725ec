using System.Globalization;

namespace EvenNet.Framework;

/// <summary>What a plan takes of a device's memory, and what fits instead: computed from plans, without allocating anything.</summary>
/// <param name="Batch">Samples.</param>
/// <param name="Bytes">In all.</param>
/// <param name="Largest">The values that take the most, the largest first.</param>
public sealed record MemoryNeed(int Batch, long Bytes, IReadOnlyList<(string Node, long Bytes)> Largest)
{
    private const int Shown = 3;

    /// <summary>Arena and workspace, and inputs once more for the batch that is on its way; on top of what parameters take.</summary>
    /// <param name="graph">What is planned.</param>
    /// <param name="backend">Where.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="options">What the plan is for.</param>
    /// <param name="parameterBytes">More that must be there beside it: parameters, gradients, a solver's states.</param>
    /// <param name="valueBytes">Of a value: 4, but for the reference.</param>
    public static MemoryNeed Of(Graph graph, Backend backend, int batch, NetOptions? options = null, long parameterBytes = 0, int valueBytes = sizeof(float)) =>
        Of(PlanReport.Of(graph, backend, batch, options), graph, batch, parameterBytes, valueBytes);

    /// <summary>The largest batch below this one that fits into so many bytes; 0 where not even one sample does.</summary>
    public int Fitting(long bytes, Func<int, MemoryNeed> need)
    {
        (int fits, int tooMany) = (0, Batch);
        while (tooMany - fits > 1)
        {
            int middle = fits + (tooMany - fits) / 2;
            if (need(middle).Bytes <= bytes) fits = middle;
            else tooMany = middle;
        }
        return fits;
    }

    /// <summary>«64 samples need 1,240 MB and 800 MB are free; the largest values are conv1 (74 MB), …; 39 samples fit».</summary>
    public string Explain(long free, Func<int, MemoryNeed> need)
    {
        int fits = Fitting(free, need);
        string way = fits > 0 ? $"{fits} sample{(fits == 1 ? " fits" : "s fit")}" : "not even one sample fits: a smaller net or device memory that others use is the way out";
        string largest = string.Join(", ", Largest.Select(l => $"{l.Node} ({Megabytes(l.Bytes)})"));
        return string.Create(CultureInfo.InvariantCulture, $"{Batch} sample{(Batch == 1 ? " needs" : "s need")} {Megabytes(Bytes)} and {Megabytes(free)} are free; the largest values are {largest}; {way}");
    }

    internal static MemoryNeed Of(PlanReport plan, Graph graph, int batch, long parameterBytes, int valueBytes = sizeof(float))
    {
        long inputs = graph.Nodes.Where(n => n.Layer is Input).Sum(n => (long)batch * n.Multiplicity * n.Shape.Count);
        (string Node, long Bytes)[] largest = [.. plan.Lines.GroupBy(l => l.Node).Select(g => (g.Key, valueBytes * (long)batch * g.Max(l => l.Shape.Count))).OrderByDescending(l => l.Item2).Take(Shown)];
        return new(batch, valueBytes * (plan.ArenaCount + plan.ScratchCount + inputs) + parameterBytes, largest);
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(bytes + (1 << 20) - 1) >> 20:N0} MB");
}
