namespace EvenNet.Framework;

/// <summary>
/// Stochastic gradient descent with momentum: v ← momentum · v + rate · g, w ← w − v. The learning rate lies inside v, so a later drop of the rate does
/// not shrink what v holds. State: «momentum», v.
/// </summary>
public sealed class SgdSolver(ParameterSet parameters) : Solver(parameters, "momentum")
{
    /// <inheritdoc/>
    public override string Name => Nesterov ? "nesterov" : "sgd";

    /// <summary>μ: how much of the last change is repeated.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>
    /// Takes the gradient where momentum will have led (Nesterov 1983, with weights kept at the point ahead, as Caffe does it):
    /// w ← w − ((1 + momentum) · v − momentum · v before).
    /// </summary>
    public bool Nesterov { get; init; }

    private protected override bool UpdatesInKernels => true;

    internal override SgdUpdate UpdateInKernel(Parameter p) => UpdateOf(p, CurrentRate * p.LearningRate, gradientScale: 1, Decay * p.Decay);

    private protected override void Update(Parameter p, double rate, float gradientScale, float decay) =>
        Parameters.Backend.Sgd(UpdateOf(p, rate, gradientScale, decay));

    private protected override SolverUpdate? Fuse(IReadOnlyList<Parameter> learning, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) =>
        SolverUpdate<SgdUpdate>.Of(learning, UpdateOf, updates => Parameters.Backend.Fuse(updates, cleared, watched));

    private protected override IEnumerable<string> Settings() => [Text($"momentum {Momentum}")];

    private SgdUpdate UpdateOf(Parameter p, double rate, float gradientScale, float decay) =>
        new(p.Values, p.Gradients, States[0].Of(p), gradientScale, decay, Momentum, (float)rate, DecayKind, Nesterov);
}
