namespace EvenNet.Framework;

/// <summary>
/// Which steps a backward pass from some nodes runs. A partial pass (from one classifier of several, say) may skip the step that would have
/// been the first to write a shared gradient, to which the others add; at that step's turn, and not earlier, because the arena lends the
/// buffer to others before, the gradient is cleared instead. So is that of a graph's input which the pass does not reach: it can be read.
/// </summary>
internal sealed class BackwardPass
{
    private readonly HashSet<PlanValue> active = [];
    private readonly HashSet<Node> seeds;

    public BackwardPass(Plan plan, IReadOnlyList<Node> seeds)
    {
        this.seeds = [.. seeds];
        foreach (Node seed in seeds) active.Add(plan.Of[seed]);
        foreach (PlanStep step in plan.Steps.Reverse())
        {
            if (!IsActive(step)) continue;
            Top = Math.Max(Top, step.Index);
            for (int i = 0; i < step.Inputs.Count; i++)
                if (step.WritesGradient(i)) active.Add(step.Inputs[i]);
        }
    }

    /// <summary>Index of the first step that the pass runs; −1 where it runs none.</summary>
    public int Top { get; } = -1;

    public bool IsActive(PlanStep step) => active.Contains(step.Output) && step.Output.NeedsGradient;

    public bool IsSeed(Node node) => seeds.Contains(node);

    public bool HasActiveReader(PlanValue value) => value.Readers.Any(r => IsActive(r) && r.Inputs.Where((v, i) => v == value && r.WritesGradient(i)).Any());

    public void ClearInsteadOfWriting(PlanStep step)
    {
        for (int i = 0; i < step.Inputs.Count; i++)
            if (step.Inputs[i] is var input && input.FirstWriter == step && (active.Contains(input) || input.Maker is null)) input.Gradient!.Clear();
    }
}
