using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Whether the memory will do, asked before any is taken: a system that promises more than it has ends the process without a word.</summary>
internal static class Affordable
{
    /// <summary>Bytes of weights, gradients, momenta and plan of a training step.</summary>
    public static long TrainingBytes(Graph graph, Backend backend, int batch)
    {
        long value = backend.Name == "reference" ? sizeof(double) : sizeof(float);
        PlanReport plan = PlanReport.Of(graph, backend, batch);
        return value * (3 * graph.Nodes.Sum(n => n.ParameterSpecs.Sum(p => (long)p.Count)) + plan.ArenaCount + plan.ScratchCount);
    }

    /// <summary>Fails with what a training step needs, what there is, and the batch that fits.</summary>
    public static void RequireTraining(Graph graph, Backend backend, int batch)
    {
        long have = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, need = TrainingBytes(graph, backend, batch);
        if (need <= have) return;
        // Memory grows evenly with the batch.
        long one = TrainingBytes(graph, backend, 1), each = batch > 1 ? (need - one) / (batch - 1) : one;
        long fits = one <= have ? 1 + (have - one) / each : 0;
        string way = fits > 0 ? $"{fits} fit: --batch {fits}" : "even one does not fit: choose a smaller net";
        throw new ToolException(ExitCode.OutOfMemory, $"training on {batch} images at a time needs about {Text.Bytes(need)} of memory, this process may use {Text.Bytes(have)}; {way}");
    }

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
        long have = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, need = InitBytes(graph, backend, count);
        if (need <= have) return;
        int fits = count;
        while (fits > 0 && InitBytes(graph, backend, fits) > have) fits /= 2;
        string way = fits > 0 ? $"{fits} pictures fit: --count {fits}" : "even one picture does not fit: choose a smaller net";
        throw new ToolException(ExitCode.OutOfMemory, $"{count} pictures need about {Text.Bytes(need)} of memory, this process may use {Text.Bytes(have)}; {way}");
    }
}
