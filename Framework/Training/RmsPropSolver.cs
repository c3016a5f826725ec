namespace EvenNet.Framework;

/// <summary>
/// RMSProp (Tieleman and Hinton 2012, as Caffe has it): h ← ρ · h + (1 − ρ) · g², w ← w − rate · g / (√h + δ). State: «square», h.
/// </summary>
public sealed class RmsPropSolver(ParameterSet parameters) : Solver(parameters, "square")
{
    /// <inheritdoc/>
    public override string Name => "rmsprop";

    /// <summary>ρ: how slowly the mean of the squares forgets.</summary>
    public float Rho { get; init; } = 0.99f;

    /// <summary>δ: keeps the divisor from zero.</summary>
    public float Delta { get; init; } = 1e-8f;

    private protected override void Update(Parameter p, double rate, float gradientScale, float decay) => Parameters.Backend.RmsProp(UpdateOf(p, rate, gradientScale, decay));

    private protected override SolverUpdate? Fuse(IReadOnlyList<Parameter> learning, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) =>
        SolverUpdate<RmsPropUpdate>.Of(learning, UpdateOf, updates => Parameters.Backend.Fuse(updates, cleared, watched));

    private protected override IEnumerable<string> Settings() => [Text($"rho {Rho}"), Text($"delta {Delta}")];

    private RmsPropUpdate UpdateOf(Parameter p, double rate, float gradientScale, float decay) =>
        new(p.Values, p.Gradients, States[0].Of(p), gradientScale, decay, Rho, Delta, (float)rate, DecayKind);
}
