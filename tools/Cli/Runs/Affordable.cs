using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Whether the memory will do, asked before any is taken: a system that promises more than it has ends the process without a word.</summary>
internal static class Affordable
{
    /// <summary>Weights, gradients, momenta and plan of a training step.</summary>
    public static MemoryNeed Training(Graph graph, Backend backend, int batch)
    {
        int value = backend.Name == "reference" ? sizeof(double) : sizeof(float);
        return MemoryNeed.Of(graph, backend, batch, parameterBytes: 3L * value * graph.Nodes.Sum(n => n.ParameterSpecs.Sum(p => (long)p.Count)), valueBytes: value);
    }

    /// <summary>Fails with what a training step needs, what there is, what takes the most, and the batch that fits: before anything is allocated.</summary>
    public static void RequireTraining(Graph graph, Backend backend, int batch)
    {
        long have = Free(backend);
        MemoryNeed need = Training(graph, backend, batch);
        if (need.Bytes <= have) return;
        int fits = need.Fitting(have, size => Training(graph, backend, size));
        string way = fits > 0 ? $"{fits} fit: --batch {fits}" : "even one does not fit: choose a smaller net";
        string largest = string.Join(", ", need.Largest.Select(l => $"{l.Node} {Text.Bytes(l.Bytes)}"));
        throw new ToolException(ExitCode.OutOfMemory, $"training on {batch} images at a time needs about {Text.Bytes(need.Bytes)} of memory, {Place(backend)} {Text.Bytes(have)}; the largest values are {largest}; {way}");
    }

    // What may still be taken: of the device's own memory, or of what this process may use.
    private static long Free(Backend backend) => backend.FreeBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private static string Place(Backend backend) => backend.FreeBytes is null ? "this process may use" : $"free on {backend.Description} are";

    // Images in the plans that measure rates.
    private const int MeasuringBatch = 16;

    /// <summary>Bytes of weights, gradients, pictures and the largest plan for an initialization.</summary>
    public static long InitBytes(Graph graph, Backend backend, int count)
    {
        long value = backend.Name == "reference" ? sizeof(double) : sizeof(float);
        long parameters = 2 * graph.Nodes.Sum(n => n.ParameterSpecs.Sum(p => (long)p.Count));
        PlanReport walk = PlanReport.Of(graph, backend, count, new() { Fuse = false, Backward = false });
        PlanReport measure = PlanReport.Of(graph, backend, Math.Min(count, MeasuringBatch), new() { Fuse = false, ParameterGradients = static _ => false });
        long plan = Math.Max(walk.ArenaCount + walk.ScratchCount, measure.ArenaCount + measure.ScratchCount);
        long pictures = sizeof(float) * (long)count * graph.Nodes.Where(n => n.Layer is Input).Sum(n => (long)n.Shape.Count);
        return value * (parameters + plan) + pictures;
    }

    /// <summary>Fails with what is needed, what there is, and the number of pictures that fits.</summary>
    public static void Require(Graph graph, Backend backend, int count)
    {
        long have = Free(backend), need = InitBytes(graph, backend, count);
        if (need <= have) return;
        int fits = count;
        while (fits > 0 && InitBytes(graph, backend, fits) > have) fits /= 2;
        string way = fits > 0 ? $"{fits} pictures fit: --count {fits}" : "even one picture does not fit: choose a smaller net";
        throw new ToolException(ExitCode.OutOfMemory, $"{count} pictures need about {Text.Bytes(need)} of memory, {Place(backend)} {Text.Bytes(have)}; {way}");
    }
}
