namespace EvenNet.Framework;

/// <summary>
/// Which steps a backward pass from some nodes runs. A partial pass (from one classifier of several, say) may skip the step that would have
/// been the first to write a shared gradient, to which the others add; at that step's turn, and not earlier, because the arena lends the
/// buffer to others before, the gradient is cleared instead.
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
            for (int i = 0; i < step.Inputs.Count; i++)
                if (step.WritesGradient(i)) active.Add(step.Inputs[i]);
        }
    }

    public bool IsActive(PlanStep step) => active.Contains(step.Output) && step.Output.NeedsGradient;

    public bool IsSeed(Node node) => seeds.Contains(node);

    public bool HasActiveReader(PlanValue value) => value.Readers.Any(r => IsActive(r) && r.Inputs.Where((v, i) => v == value && r.WritesGradient(i)).Any());

    public void ClearInsteadOfWriting(PlanStep step)
    {
        foreach (PlanValue input in step.Inputs)
            if (input.FirstWriter == step && active.Contains(input)) input.Gradient!.Clear();
    }
}
