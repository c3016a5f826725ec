namespace EvenNet.Framework;

/// <summary>
/// Stochastic gradient descent with momentum, in Caffe's order: clip the gradients' global norm, divide by the accumulated passes, add weight
/// decay, v ← momentum · v + rate · g, w ← w − v. The learning rate lies inside v, so a later drop of the rate does not shrink what v holds.
/// Each parameter's own <see cref="Parameter.LearningRate"/> and <see cref="Parameter.Decay"/> multiply the rate and the decay.
/// </summary>
public sealed class SgdSolver(ParameterSet parameters) : IDisposable
{
    private Storage? momenta;

    /// <summary>What is learned.</summary>
    public ParameterSet Parameters => parameters;

    /// <summary>The learning rate of each iteration.</summary>
    public required Schedule Rate { get; init; }

    /// <summary>μ: how much of the last change is repeated.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Weight decay.</summary>
    public float Decay { get; init; }

    /// <summary>What the decay is the gradient of.</summary>
    public DecayKind DecayKind { get; init; }

    /// <summary>
    /// Largest norm of all gradients together; larger ones are scaled down to it. 0 clips nothing. Compared before the division by
    /// <see cref="Accumulate"/> and before the decay, and without frozen parameters.
    /// </summary>
    public float ClipNorm { get; init; }

    /// <summary>Backward passes whose gradients one step averages: call <see cref="Step()"/> after that many.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Steps taken. Set it, and the momenta, to go on where another run stopped.</summary>
    public int Iteration { get; set; }

    /// <summary>The coming step's learning rate.</summary>
    public double CurrentRate => Rate.At(Iteration);

    /// <summary>v of all parameters, at their <see cref="Parameter.Offset"/>; zero at first.</summary>
    public Storage MomentumStorage => momenta ??= parameters.Backend.Allocate(parameters.ValueStorage.Count);

    /// <summary>v of one parameter.</summary>
    public Region Momenta(Parameter parameter) => new(MomentumStorage, parameter.Offset, parameter.Count);

    /// <summary>
    /// Changes every parameter by what <see cref="Accumulate"/> backward passes have added up, and clears the gradients. A frozen parameter
    /// (learning rate 0) stays as it is and its gradient is cleared too.
    /// </summary>
    public void Step()
    {
        if (Accumulate <= 0) throw new InvalidOperationException($"a step averages at least one backward pass, {nameof(Accumulate)} is {Accumulate}");
        double rate = CurrentRate, scale = ClipScale() / Accumulate;
        for (int i = 0; i < parameters.All.Count; i++) Update(parameters.All[i], rate, scale);
        parameters.HoldsGradients = false;
        Iteration++;
    }

    /// <summary>
    /// Back-propagates from the net's losses and changes every parameter as soon as its gradient is complete. The same bits as
    /// <see cref="Net.Backward()"/> and <see cref="Step()"/>, which this call makes where all gradients are needed at once (clipping) or
    /// earlier passes have left some (<see cref="Accumulate"/>); else with fewer passes over memory, the gradients of some weights never
    /// reaching it.
    /// </summary>
    public void Step(Net net)
    {
        if (net.Parameters != parameters) throw new ArgumentException("the net has other parameters than the solver", nameof(net));
        if (ClipNorm > 0 || Accumulate != 1 || parameters.HoldsGradients)
        {
            net.Backward();
            Step();
            return;
        }
        net.Backward(this);
        Iteration++;
    }

    /// <summary>One parameter's part of a step without clipping and accumulation.</summary>
    internal void Update(Parameter p) => Update(p, CurrentRate, gradientScale: 1);

    /// <summary>What <see cref="Update(Parameter)"/> does to a parameter that learns.</summary>
    internal SgdUpdate UpdateOf(Parameter p) => UpdateOf(p, CurrentRate, gradientScale: 1);

    /// <summary>Norm of all gradients together, without those of frozen parameters.</summary>
    public double GradientNorm()
    {
        double squares = 0;
        for (int i = 0; i < parameters.All.Count; i++)
            if (parameters.All[i] is { LearningRate: not 0 } p) squares += parameters.Backend.SquaredNorm(p.Gradients);
        return Math.Sqrt(squares);
    }

    /// <summary>Frees the momenta; the parameters stay.</summary>
    public void Dispose() => momenta?.Dispose();

    private void Update(Parameter p, double rate, double gradientScale)
    {
        if (p.LearningRate == 0)
        {
            p.Gradients.Clear();
            return;
        }
        parameters.Backend.Sgd(UpdateOf(p, rate, gradientScale));
        p.MarkChanged();
    }

    private SgdUpdate UpdateOf(Parameter p, double rate, double gradientScale) => new(
        p.Values, p.Gradients, Momenta(p), (float)gradientScale, Decay * p.Decay, Momentum, (float)(rate * p.LearningRate), DecayKind);

    private double ClipScale()
    {
        if (ClipNorm <= 0) return 1;
        double norm = GradientNorm();
        return norm > ClipNorm ? ClipNorm / norm : 1;
    }
}
