namespace EvenNet.Framework;

/// <summary>One pass of one step: how long its last run took, and the work that was in it.</summary>
/// <param name="Seconds">Of the last run; zero where the plan runs no such pass.</param>
/// <param name="MultiplyAdds">By the layer's definition, whole batch.</param>
/// <param name="Operations">Floating-point operations that the kernel does: fewer than two a multiply-add in a Winograd kernel.</param>
/// <param name="Bytes">The least that has to come from or go to memory: each value, gradient and parameter that is read or written, once, as float32.</param>
public readonly record struct PassTime(double Seconds, long MultiplyAdds, double Operations, long Bytes);

/// <summary>One step of a plan, timed.</summary>
/// <param name="Node">The node whose layer runs (a rectifier that was fused onto it is part of the step); for a reorder, whose value it reorders.</param>
/// <param name="Kernel">What runs.</param>
/// <param name="Forward">Forward pass.</param>
/// <param name="Backward">Backward pass: the inputs' and the parameters' gradients, as far as the plan wants them, and the update of a weight where the kernel makes it.</param>
/// <param name="Update">The solver's update of the parameters whose gradients this step completed, where <see cref="Solver.Step(Net)"/> makes it on the way.</param>
public sealed record StepTime(string Node, string Kernel, PassTime Forward, PassTime Backward, PassTime Update)
{
    // Value and momentum, each read and written, where a kernel updates its own weight.
    private const int OwnUpdateStreams = 4;

    // completed: parameters that the solver updates after the step, but for the one that the kernel updates itself.
    internal static StepTime Of(PlanStep step, NetOptions options, StepClock clock, IReadOnlyList<Parameter> completed, Parameter? own)
    {
        if (own is null or { LearningRate: 0 } || clock.Solver?.UpdatesInKernel(own) != true) own = null;
        long updated = clock.Solver is null ? 0 : completed.Where(p => p != own && p.LearningRate != 0).Sum(p => (long)p.Count);
        return new(
            step.Source.Name, step.Offer.Name, ForwardOf(step, clock.Seconds(StepClock.Pass.Forward, step.Index)), BackwardOf(step, options, clock.Seconds(StepClock.Pass.Backward, step.Index), own),
            new PassTime(clock.Seconds(StepClock.Pass.Update, step.Index), 0, 0, sizeof(float) * UpdateStreams(clock.Solver) * updated));
    }

    // Value, gradient and each state, all read and written.
    private static int UpdateStreams(Solver? solver) => solver is null ? 0 : 2 * (2 + solver.States.Count);

    private static PassTime ForwardOf(PlanStep step, double seconds)
    {
        KernelRequest r = step.Request;
        // A part of the output needs no copy.
        long parts = step.Inputs.Where(i => i.Whole == step.Output).Sum(i => (long)i.Node.Shape.Count);
        long values = r.Batch * (r.Inputs.Sum(i => (long)i.Count) + r.Output.Count - 2 * parts);
        return new(seconds, r.Batch * MultiplyAdds(r), Operations(step).Forward, sizeof(float) * (values + ParameterCount(r)));
    }

    private static PassTime BackwardOf(PlanStep step, NetOptions options, double seconds, Parameter? own)
    {
        if (!step.Output.NeedsGradient) return new(seconds, 0, 0, 0);
        KernelRequest r = step.Request;
        int[] targets = [.. Enumerable.Range(0, r.Inputs.Count).Where(step.WritesGradient)];
        long parameters = ParameterCount(r);
        bool data = targets.Length > 0, weights = parameters > 0 && options.ParameterGradients(step.Source);
        long values = r.Output.Count + targets.Sum(i => (long)r.Inputs[i].Count);
        values -= 2 * step.Inputs.Where(i => i.GradientWhole == step.Output).Sum(i => (long)i.Node.Shape.Count);
        if (step.Offer.Keeps.HasFlag(BackwardReads.Inputs)) values += r.Inputs.Sum(i => (long)i.Count);
        if (step.Offer.Keeps.HasFlag(BackwardReads.Output)) values += r.Output.Count;
        KernelOperations operations = Operations(step);
        // Parameters' gradients are added to: read and written. A weight that the kernel updates is read for that anyway.
        long read = data ? parameters - (own?.Count ?? 0) : 0, added = weights ? parameters - (own?.Count ?? 0) : 0;
        return new(
            seconds, r.Batch * MultiplyAdds(r) * ((data ? 1 : 0) + (weights ? 1 : 0)),
            (data ? operations.BackwardData : 0) + (weights ? operations.BackwardWeights : 0),
            sizeof(float) * (r.Batch * values + read + 2 * added + OwnUpdateStreams * (long)(own?.Count ?? 0)));
    }

    private static KernelOperations Operations(PlanStep step) => step.Offer.Operations ?? KernelOperations.Of(step.Request);

    private static long MultiplyAdds(KernelRequest r) => r.Layer.MultiplyAdds(r.Inputs, r.Output);

    private static long ParameterCount(KernelRequest r) => r.Layer.Parameters(r.Inputs).Sum(p => (long)p.Count);
}
