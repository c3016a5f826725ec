using System.Text;

namespace EvenNet.Framework;

/// <summary>One kernel of a plan, for people.</summary>
/// <param name="Node">Whose value it completes.</param>
/// <param name="Shape">Size of one sample of that value.</param>
/// <param name="Kernel">What runs.</param>
/// <param name="Layout">Order of the value in memory.</param>
/// <param name="MultiplyAdds">Of one sample's forward pass.</param>
public sealed record PlanLine(string Node, Shape Shape, string Kernel, Layout Layout, long MultiplyAdds);

/// <summary>What a plan runs and the memory it takes; planned without allocating anything.</summary>
/// <param name="Lines">In forward order, reorders included.</param>
/// <param name="ArenaCount">Elements of the arena.</param>
/// <param name="SeparateCount">Elements that a buffer for each value would take.</param>
/// <param name="ScratchCount">Elements of the largest kernel's workspace.</param>
public sealed record PlanReport(IReadOnlyList<PlanLine> Lines, long ArenaCount, long SeparateCount, long ScratchCount)
{
    /// <summary>Plans a graph on a backend for a batch size.</summary>
    public static PlanReport Of(Graph graph, Backend backend, int batch, NetOptions? options = null)
    {
        options ??= new NetOptions();
        Plan plan = Planner.Plan(graph, backend, batch, options);
        return Of(plan, new MemoryPlan(plan, batch, options));
    }

    /// <summary>A line a kernel, aligned; kernels of the reference in a faster plan are marked.</summary>
    public string Describe(string backend)
    {
        var text = new StringBuilder();
        int wide = Lines.Max(l => l.Node.Length), kernel = Lines.Max(l => l.Kernel.Length);
        foreach (PlanLine l in Lines)
        {
            bool slow = backend != "reference" && l.Kernel.StartsWith("reference", StringComparison.Ordinal);
            text.Append(l.Node.PadRight(wide)).Append("  ").Append($"{l.Shape}".PadRight(12)).Append("  ").Append(l.Kernel.PadRight(kernel))
                .Append("  ").Append(l.Layout).AppendLine(slow ? "  (slow: reference)" : "");
        }
        return text.ToString();
    }

    internal static PlanReport Of(Plan plan, MemoryPlan memory) => new(
        [.. plan.Steps.Select(s => new PlanLine(s.Node.Name, s.Output.Node.Shape, s.Offer.Name, s.Output.Layout, s.Request.Layer is Reorder ? 0 : s.Source.MultiplyAdds))],
        memory.Arena, memory.Separate, memory.Scratch);
}
