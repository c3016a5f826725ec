namespace EvenNet.Framework;

/// <summary>
/// Adam (Kingma and Ba 2015, the rearranged form at the end of §2, as Caffe has it): m ← β1 · m + (1 − β1) · g, v ← β2 · v + (1 − β2) · g²,
/// w ← w − rate · √(1 − β2^t) / (1 − β1^t) · m / (√v + δ), t the step counted from 1. Weight decay is part of g, so it is normalised too.
/// States: «momentum», m, and «square», v.
/// </summary>
public sealed class AdamSolver(ParameterSet parameters) : Solver(parameters, "momentum", "square")
{
    /// <inheritdoc/>
    public override string Name => "adam";

    /// <summary>β1: how slowly the mean of the gradients forgets.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>β2: how slowly the mean of their squares forgets.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>δ: keeps the divisor from zero; added to a root that is not corrected for its start at zero.</summary>
    public float Delta { get; init; } = 1e-8f;

    private protected override void Update(Parameter p, double rate, float gradientScale, float decay) => Parameters.Backend.Adam(UpdateOf(p, rate, gradientScale, decay));

    private protected override SolverUpdate? Fuse(IReadOnlyList<Parameter> learning, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) =>
        SolverUpdate<AdamUpdate>.Of(learning, UpdateOf, updates => Parameters.Backend.Fuse(updates, cleared, watched));

    private protected override IEnumerable<string> Settings() => [Text($"beta {Beta1} and {Beta2}"), Text($"delta {Delta}")];

    private AdamUpdate UpdateOf(Parameter p, double rate, float gradientScale, float decay)
    {
        int t = Iteration + 1;
        double correction = Math.Sqrt(1 - Math.Pow(Beta2, t)) / (1 - Math.Pow(Beta1, t));
        return new(p.Values, p.Gradients, States[0].Of(p), States[1].Of(p), gradientScale, decay, Beta1, Beta2, Delta, (float)(rate * correction), DecayKind);
    }
}
