using System.Globalization;

namespace EvenNet.Framework;

/// <summary>
/// Changes parameters by their gradients, in Caffe's order: clip the gradients' global norm, divide by the accumulated passes, add weight decay, then what
/// the kind of solver makes of the gradient. Each parameter's own <see cref="Parameter.LearningRate"/> and <see cref="Parameter.Decay"/> multiply the
/// rate and the decay. <see cref="Iteration"/> and <see cref="States"/> are all that a solver remembers.
/// </summary>
public abstract class Solver : IDisposable
{
    private readonly ParameterSet parameters;
    private SolverUpdate? together;
    private Func<Parameter, float>? decayOf;
    private bool updatesApart;

    /// <summary>A solver that remembers these numbers of every weight.</summary>
    protected Solver(ParameterSet parameters, params IReadOnlyList<string> states)
    {
        this.parameters = parameters;
        States = [.. states.Select(name => new SolverState(parameters, name))];
    }

    /// <summary>«sgd», «adam», «rmsprop».</summary>
    public abstract string Name { get; }

    /// <summary>What is learned.</summary>
    public ParameterSet Parameters => parameters;

    /// <summary>What is remembered of every weight.</summary>
    public IReadOnlyList<SolverState> States { get; }

    /// <summary>The learning rate of each iteration.</summary>
    public required Schedule Rate { get; init; }

    /// <summary>Weight decay.</summary>
    public float Decay { get; init; }

    /// <summary>What the decay is the gradient of.</summary>
    public DecayKind DecayKind { get; init; }

    /// <summary>In place of the decay of the weights that it is for; null for none.</summary>
    public OrthonormalRegularizer? Regularizer { get; init; }

    /// <summary>
    /// Largest norm of all gradients together; larger ones are scaled down to it. 0 clips nothing. Compared before the division by
    /// <see cref="Accumulate"/> and before the decay, and without frozen parameters.
    /// </summary>
    public float ClipNorm { get; init; }

    /// <summary>Backward passes whose gradients one step averages: call <see cref="Step()"/> after that many.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Steps taken. Set it, and the states, to go on where another run stopped.</summary>
    public int Iteration { get; set; }

    /// <summary>The coming step's learning rate.</summary>
    public double CurrentRate => Rate.At(Iteration);

    /// <summary>
    /// Changes every parameter by what <see cref="Accumulate"/> backward passes have added up, and clears the gradients. A frozen parameter
    /// (learning rate 0) stays as it is and its gradient is cleared too.
    /// </summary>
    public void Step()
    {
        if (Accumulate <= 0) throw new InvalidOperationException($"a step averages at least one backward pass, {nameof(Accumulate)} is {Accumulate}");
        UpdateAll(ClipScale() / Accumulate);
        parameters.HoldsGradients = false;
        Iteration++;
    }

    /// <summary>
    /// Back-propagates from the net's losses and changes every parameter as soon as its gradient is complete. The same bits as
    /// <see cref="Net.Backward()"/> and <see cref="Step()"/>, which this call makes where all gradients are needed at once (clipping) or
    /// earlier passes have left some (<see cref="Accumulate"/>); else with fewer passes over memory: with <see cref="SgdSolver"/> the gradients of some
    /// weights never reach it.
    /// </summary>
    public void Step(Net net)
    {
        if (!net.Parameters.IsSame(parameters)) throw new ArgumentException("the net has other parameters than the solver", nameof(net));
        if (ClipNorm > 0 || Accumulate != 1 || parameters.HoldsGradients)
        {
            net.Backward();
            Step();
            return;
        }
        net.Backward(this);
        Iteration++;
    }

    /// <summary>Norm of all gradients together, without those of frozen parameters.</summary>
    public double GradientNorm()
    {
        double squares = 0;
        for (int i = 0; i < parameters.All.Count; i++)
            if (parameters.All[i] is { LearningRate: not 0 } p) squares += parameters.Backend.SquaredNorm(p.Gradients);
        return Math.Sqrt(squares);
    }

    /// <summary>Everything that is remembered, for a weight file: «conv1.weight/momentum», with the parameter's sizes.</summary>
    public IEnumerable<SafetensorsSource> Tensors() => Remembered().Select(r => new SafetensorsSource(
        r.Tensor, [.. r.Parameter.Spec.Dimensions.Select(d => (long)d)], (first, buffer) => r.State.Storage.Read(r.Parameter.Offset + first, buffer)));

    /// <summary>Reads what <see cref="Tensors"/> has written; <see cref="Iteration"/> is the caller's. Everything is checked before the first value is changed.</summary>
    /// <exception cref="WeightsFormatException">A tensor is missing or has another size: the file is another net's or another kind of solver's.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public void Restore(SafetensorsFile file)
    {
        foreach ((Parameter p, _, string tensor) in Remembered())
        {
            if (file.Find(tensor) is not { } found) throw new WeightsFormatException(file.Path, $"has no tensor named {tensor}, which the {Name} solver remembers");
            if (found.Count != p.Count) throw new WeightsFormatException(file.Path, $"{tensor} has {found.Count} values in the file and {p.Count} in the net");
        }
        var buffer = new float[1 << 18];
        foreach ((Parameter p, SolverState state, string tensor) in Remembered())
        {
            for (int first = 0; first < p.Count; first += buffer.Length)
            {
                Span<float> piece = buffer.AsSpan(0, Math.Min(buffer.Length, p.Count - first));
                file.Read(tensor, first, piece);
                state.Storage.Write(p.Offset + first, piece);
            }
        }
    }

    /// <summary>«sgd, rate 0.001, times 0.5 every 10000, momentum 0.9, decay 0.0005».</summary>
    public sealed override string ToString()
    {
        List<string> parts = [Name, $"rate {Rate}", .. Settings()];
        if (Decay != 0) parts.Add(Text($"decay {Decay}{(DecayKind == DecayKind.Magnitudes ? " of magnitudes" : "")}"));
        if (Regularizer is not null) parts.Add($"{Regularizer}");
        if (ClipNorm > 0) parts.Add(Text($"gradients clipped at {ClipNorm}"));
        if (Accumulate != 1) parts.Add(Text($"{Accumulate} passes a step"));
        return string.Join(", ", parts);
    }

    /// <summary>Frees the states; the parameters stay.</summary>
    public void Dispose()
    {
        together?.Dispose();
        foreach (SolverState state in States) state.Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>One parameter's part of a step without clipping and accumulation.</summary>
    internal void Update(Parameter p) => Update(p, CurrentRate, gradientScale: 1);

    /// <summary>Whether the backend makes the updates of all parameters as one.</summary>
    internal bool UpdatesTogether => Together() is not null;

    /// <summary>Changes every parameter by its gradient and clears the gradients.</summary>
    internal void UpdateAll(double gradientScale = 1)
    {
        double rate = CurrentRate;
        if (Together() is not { } update)
        {
            for (int i = 0; i < parameters.All.Count; i++) Update(parameters.All[i], rate, gradientScale);
            return;
        }
        foreach (Parameter p in update.Learning)
            if (Regularizer?.Holds(p) == true) Regularizer.AddGradient(parameters.Backend, p, Iteration, (float)(1 / gradientScale));
        Set(update, gradientScale);
        update.Fused.Run();
        foreach (Parameter p in update.Learning) p.MarkChanged();
    }

    /// <summary>Sets the numbers of the coming step.</summary>
    internal void Set(SolverUpdate update, double gradientScale) => update.Set(CurrentRate, (float)gradientScale, decayOf ??= DecayOf);

    /// <summary>The update of all parameters as one, where the backend makes them so.</summary>
    /// <param name="watched">Numbers that a check looks at.</param>
    internal SolverUpdate? Fuse(IReadOnlyList<Region> watched)
    {
        ILookup<bool, Parameter> byLearning = parameters.All.ToLookup(p => p.LearningRate != 0);
        return Fuse([.. byLearning[true]], [.. byLearning[false].Select(p => p.Gradients)], watched);
    }

    /// <inheritdoc cref="Fuse(IReadOnlyList{Region})"/>
    private protected abstract SolverUpdate? Fuse(IReadOnlyList<Parameter> learning, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched);

    /// <summary>Whether a kernel can do what <see cref="Update(Parameter)"/> does to a parameter that learns: <see cref="UpdateInKernel"/>.</summary>
    internal bool UpdatesInKernel(Parameter p) => UpdatesInKernels && Regularizer?.Holds(p) != true;

    /// <summary>Whether this kind of solver's update is one that kernels know.</summary>
    private protected virtual bool UpdatesInKernels => false;

    /// <summary>What a kernel does to a parameter that learns.</summary>
    internal virtual SgdUpdate UpdateInKernel(Parameter p) => throw new NotSupportedException($"{Name} makes its updates apart from the kernels");

    /// <summary>Does to a parameter that learns what this kind of solver does, and clears its gradients.</summary>
    /// <param name="p">The parameter.</param>
    /// <param name="rate">The learning rate, the parameter's multiplier included.</param>
    /// <param name="gradientScale">Clipping times 1 / accumulated passes.</param>
    /// <param name="decay">The weight decay, the parameter's multiplier included.</param>
    private protected abstract void Update(Parameter p, double rate, float gradientScale, float decay);

    /// <summary>«momentum 0.9»: what this kind of solver was set to.</summary>
    private protected abstract IEnumerable<string> Settings();

    private protected static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Update(Parameter p, double rate, double gradientScale)
    {
        if (p.LearningRate == 0)
        {
            p.Gradients.Clear();
            return;
        }
        bool isRegularized = Regularizer?.Holds(p) == true;
        // The update multiplies what it finds by the gradients' scale, which is not the regularizer's.
        if (isRegularized) Regularizer!.AddGradient(Parameters.Backend, p, Iteration, (float)(1 / gradientScale));
        Update(p, rate * p.LearningRate, (float)gradientScale, isRegularized ? 0 : Decay * p.Decay);
        p.MarkChanged();
    }

    private SolverUpdate? Together()
    {
        if (updatesApart || together?.Fits(parameters) == true) return together;
        together?.Dispose();
        together = Fuse([]);
        updatesApart = together is null;
        return together;
    }

    private float DecayOf(Parameter p) => Regularizer?.Holds(p) == true ? 0 : Decay * p.Decay;

    // Of parameters that learn, or could where they are frozen for a while.
    private IEnumerable<(Parameter Parameter, SolverState State, string Tensor)> Remembered() =>
        from p in parameters.All
        where p.Spec.IsLearned || p.LearningRate != 0
        from state in States
        select (p, state, $"{p.Name}/{state.Name}");

    private double ClipScale()
    {
        if (ClipNorm <= 0) return 1;
        double norm = GradientNorm();
        return norm > ClipNorm ? ClipNorm / norm : 1;
    }
}
