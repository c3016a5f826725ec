namespace EvenNet.Framework;

/// <summary>
/// A graph planned for one backend and batch size: kernels chosen, fused, and bound to one arena. A value is readable right after its node
/// ran; values in <see cref="NetOptions.Observe"/>, outputs and inputs stay readable to the end of the pass.
/// </summary>
public sealed class Net : IDisposable
{
    private readonly Plan plan;
    private readonly Storage arena, scratch;
    private readonly Dictionary<Node, (int First, int Last)> stepsOf = [];
    private readonly Node[] losses;
    private readonly BackwardPass? fromLosses;
    private readonly StepClock? clock;

    // For each step the parameters whose gradients are complete after it, and the one that its kernel can update itself; parameters
    // that no step of a backward pass from the losses has a gradient for.
    private readonly Parameter[][] completed;
    private readonly Parameter?[] updating = [];
    private readonly Parameter[] untouched = [];

    // Leading steps whose values are there for a backward pass.
    private int ready;

    // Which training pass the kernels have counted to on their own; null where nobody knows.
    private long? counted;

    // What is freed with the plan.
    private readonly List<IDisposable> owned = [];

    /// <summary>Plans <paramref name="parameters"/>' graph for <paramref name="batch"/> samples and binds the kernels.</summary>
    public Net(ParameterSet parameters, int batch, NetOptions? options = null)
    {
        Options = options ?? new NetOptions();
        (Parameters, Batch) = (parameters, batch);
        plan = Planner.Plan(parameters.Graph, parameters.Backend, batch, Options);
        var memory = new MemoryPlan(plan, batch, Options);
        Report = PlanReport.Of(plan, memory);
        if (Backend.FreeBytes is { } free && Need(batch).Bytes > free) throw new InsufficientMemoryException($"{Backend.Description} is too full for the plan: {Need(batch).Explain(free, Need)}");
        Storage? first = null, second = null;
        try
        {
            arena = first = Backend.Allocate(memory.Arena);
            scratch = second = Backend.Allocate(memory.Scratch);
            BindAll(memory);
        }
        catch (Exception error)
        {
            foreach (PlanStep step in plan.Steps) step.Kernel?.Dispose();
            first?.Dispose();
            second?.Dispose();
            if (error is not InsufficientMemoryException || Backend.FreeBytes is not { } left) throw;
            throw new InsufficientMemoryException($"{error.Message}: {Need(batch).Explain(left, Need)}", error);
        }
        if (Options.Times) clock = new StepClock(Backend, plan.Steps.Count);
        losses = [.. plan.Of.Keys.Where(n => n.Layer is ILoss)];
        completed = [.. plan.Steps.Select(_ => Array.Empty<Parameter>())];
        if (!Options.Backward || losses.Length == 0) return;
        fromLosses = new BackwardPass(plan, losses);
        foreach (var user in plan.Steps.Where(s => Learns(s) && fromLosses.IsActive(s)).SelectMany(s => Parameters.Of(s.Source).Select(p => (Parameter: p, s.Index)))
            .GroupBy(u => u.Parameter).GroupBy(g => g.Min(u => u.Index), g => g.Key))
            completed[user.Key] = [.. user];
        untouched = [.. Parameters.All.Except(completed.SelectMany(c => c))];
        updating = [.. plan.Steps.Select(s => s.Kernel!.Updates is { } weight && completed[s.Index].Contains(weight) && IsAlone(s) ? weight : null)];
    }

    /// <summary>The learned state, shared with other plans.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The planned graph.</summary>
    public Graph Graph => Parameters.Graph;

    /// <summary>The device.</summary>
    public Backend Backend => Parameters.Backend;

    /// <summary>Samples.</summary>
    public int Batch { get; }

    /// <summary>What the plan was made for.</summary>
    public NetOptions Options { get; }

    /// <summary>Kernels and memory.</summary>
    public PlanReport Report { get; }

    /// <summary>Nodes of the plan, inputs first.</summary>
    public IEnumerable<Node> Nodes => Graph.Nodes.Where(plan.Of.ContainsKey);

    /// <summary>How long the last run of each step took, in forward order, reorders included.</summary>
    public IReadOnlyList<StepTime> Times => clock is null
        ? throw new InvalidOperationException($"the plan is not timed; plan with {nameof(NetOptions)}.{nameof(NetOptions.Times)}")
        : [.. plan.Steps.Select(s => StepTime.Of(s, Options, clock, completed[s.Index], clock.Solver is null ? null : updating[s.Index]))];

    /// <summary>A node's value.</summary>
    public Tensor this[Node node] => Value(node).Value!;

    /// <summary>The losses' sum, each with its weight; waits for the device.</summary>
    public double Loss => losses.Sum(n => this[n].ReadExact().Sum());

    /// <summary>Sets an input node's value, N×C×H×W.</summary>
    public void Load(Node input, ReadOnlySpan<float> data) => Loadable(input).Stage(data);

    /// <inheritdoc cref="Load(Node, ReadOnlySpan{float})"/>
    public void Load(Node input, ReadOnlySpan<double> data) => Loadable(input).Write(data);

    /// <summary>
    /// Says which training pass comes next, counted from 0: dropout's masks are keyed by it and <see cref="NetOptions.Seed"/>. Without this call each
    /// training pass is one more.
    /// </summary>
    public void BeginPass(long pass)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pass);
        if (counted == pass) return;
        // A net of so many passes has long seen each of its masks once.
        foreach (PlanStep step in plan.Steps) step.Kernel!.BeginPass(unchecked((uint)pass));
        counted = pass;
    }

    /// <summary>Runs everything.</summary>
    public void Forward(Phase phase = Phase.Train) => Run(0, plan.Steps.Count - 1, phase);

    /// <summary>Runs one node's step from the present values of its inputs: the initializers' walk.</summary>
    public void Forward(Node node, Phase phase)
    {
        if (stepsOf.TryGetValue(node, out (int First, int Last) range)) Run(range.First, range.Last, phase);
        else _ = Value(node);
    }

    /// <summary>Runs every step up to and with <paramref name="last"/>'s.</summary>
    public void ForwardThrough(Node last, Phase phase)
    {
        if (stepsOf.TryGetValue(last, out (int First, int Last) range)) Run(0, range.Last, phase);
        else _ = Value(last);
    }

    /// <summary>
    /// Runs every step behind a node's, from what they find: again for other values of an input that is read only there. The node's value must have been
    /// observed, and so all else that is read from before it.
    /// </summary>
    public void ForwardAfter(Node node, Phase phase) => Run(StepsOf(node).Last + 1, plan.Steps.Count - 1, phase);

    /// <summary>
    /// What a node's step reads as its input, in the order that its kernel takes. Holds the input's value after <see cref="ForwardInputs"/>,
    /// and in <see cref="BackwardSteps"/> for a node with parameters.
    /// </summary>
    public Tensor InputOf(Node node, int input = 0) => plan.Steps[StepsOf(node).Last].Inputs[input].Value!;

    /// <summary>Brings a node's inputs into the order that its kernel takes, without running the kernel.</summary>
    public void ForwardInputs(Node node, Phase phase)
    {
        (int first, int last) = StepsOf(node);
        Run(first, last - 1, phase);
    }

    /// <summary>Back-propagates from all losses. A forward pass serves one backward pass: its values make room for gradients.</summary>
    public void Backward()
    {
        RequireLosses();
        UseValues(fromLosses!);
        Parameters.HoldsGradients = true;
        if (clock is not null) clock.Solver = null;
        Options.Watcher?.Begin();
        for (int i = plan.Steps.Count - 1; i >= 0; i--) Backward(fromLosses!, i, null);
    }

    /// <summary>Back-propagates from all losses while the solver updates each parameter as soon as its gradient is complete.</summary>
    internal void Backward(Solver solver)
    {
        RequireLosses();
        UseValues(fromLosses!);
        if (clock is not null) clock.Solver = solver;
        Options.Watcher?.Begin();
        if (solver.UpdatesTogether)
        {
            for (int i = plan.Steps.Count - 1; i >= 0; i--) Backward(fromLosses!, i, null);
            // One time for all, told with the first step.
            clock?.Start(StepClock.Pass.Update, 0);
            solver.UpdateAll();
            clock?.Stop(StepClock.Pass.Update, 0);
            return;
        }
        for (int i = plan.Steps.Count - 1; i >= 0; i--)
        {
            Parameter? weight = updating[i] is { LearningRate: not 0 } own && solver.UpdatesInKernel(own) ? own : null;
            if (weight is not null)
            {
                Seed(fromLosses!, plan.Steps[i], null);
                Watch(plan.Steps[i]);
                clock?.Start(StepClock.Pass.Backward, i);
                plan.Steps[i].Kernel!.Backward(solver.UpdateInKernel(weight));
                clock?.Stop(StepClock.Pass.Backward, i);
                weight.MarkChanged();
            }
            else
            {
                Backward(fromLosses!, i, null);
            }
            clock?.Start(StepClock.Pass.Update, i);
            foreach (Parameter p in completed[i])
                if (p != weight) solver.Update(p);
            clock?.Stop(StepClock.Pass.Update, i);
        }
        foreach (Parameter p in untouched) solver.Update(p);
    }

    /// <summary>Back-propagates from any value: ∂ℓ/∂node = <paramref name="gradient"/>, N×C×H×W.</summary>
    public void Backward(Node from, float[] gradient) => Backward([(from, gradient)]);

    /// <summary>Back-propagates from several values at once.</summary>
    public void Backward(IReadOnlyList<(Node Node, float[] Gradient)> seeds)
    {
        foreach (Node _ in BackwardSteps(seeds)) { }
    }

    /// <summary>
    /// Back-propagates step by step: yields each node when its gradient is complete and its own backward step is about to run, so that
    /// <see cref="ReadGradient"/> and its inputs' values can be read.
    /// </summary>
    public IEnumerable<Node> BackwardSteps(IReadOnlyList<(Node Node, float[] Gradient)> seeds)
    {
        if (!Options.Backward) throw new InvalidOperationException(NoBackward);
        foreach ((Node node, float[] gradient) in seeds)
        {
            if (node.Layer is Input) throw new ArgumentException($"{node.Name} is an input: nothing lies below it to back-propagate to");
            Tensor target = GradientOf(node);
            if (gradient.Length != target.Count) throw new ArgumentException($"the gradient of {node} at batch {Batch} has {target.Count} values, got {gradient.Length}");
        }
        var pass = new BackwardPass(plan, [.. seeds.Select(s => s.Node)]);
        return Walk();

        IEnumerable<Node> Walk()
        {
            UseValues(pass);
            Parameters.HoldsGradients = true;
            if (clock is not null) clock.Solver = null;
            for (int i = plan.Steps.Count - 1; i >= 0; i--)
            {
                PlanStep step = plan.Steps[i];
                bool yields = pass.IsActive(step) && step.Request.Layer is not Reorder;
                if (yields)
                {
                    Seed(pass, step, seeds);
                    yield return step.Node;
                }
                RunBackward(pass, step);
            }
        }
    }

    /// <summary>A node's value on the host, N×C×H×W whatever the layout; waits for the device.</summary>
    public float[] Read(Node node) => this[node].Read();

    /// <summary>A node's gradient.</summary>
    public Tensor GradientOf(Node node) => Value(node).Gradient
        ?? throw new InvalidOperationException($"the plan computes no gradient of {node.Name}");

    /// <summary>A node's gradient on the host, N×C×H×W; complete just before the node's own backward step.</summary>
    public float[] ReadGradient(Node node) => GradientOf(node).Read();

    /// <summary>A line a kernel: node, size, kernel, layout; then the memory.</summary>
    public string Describe() => Report.Describe(Backend.Name)
        + $"arena {Report.ArenaCount:N0} values ({Report.SeparateCount:N0} with a buffer each), workspace {Report.ScratchCount:N0}\n";

    /// <summary>Nodes of the losses.</summary>
    internal IReadOnlyList<Node> Losses => losses;

    /// <summary>Says that a whole training pass, forward and backward, was given to the device in another way than by the net's own methods.</summary>
    internal void PassReplayed() => counted++;

    /// <summary>Says that what the kernels have counted is not known, and values are not there: a pass was begun and not run.</summary>
    internal void Uncounted() => (counted, ready) = (null, 0);

    /// <summary>Frees something with the plan.</summary>
    internal void Own(IDisposable part) => owned.Add(part);

    /// <summary>Frees the arena; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (IDisposable part in owned) part.Dispose();
        owned.Clear();
        clock?.Dispose();
        foreach (PlanStep step in plan.Steps) step.Kernel?.Dispose();
        arena.Dispose();
        scratch.Dispose();
    }

    private const string NoBackward = "the plan has no backward pass; plan with NetOptions.Backward";

    private Bindings Bind(PlanStep step, MemoryPlan memory, int position) => new()
    {
        Request = step.Request,
        Inputs = [.. step.Inputs.Select(v => v.Value!)],
        Output = step.Output.Value!,
        OutputGradient = step.Output.Gradient,
        InputGradients = [.. step.Inputs.Select((v, i) => step.WritesGradient(i) ? v.Gradient : null)],
        Accumulate = [.. step.Inputs.Select((v, i) => v.FirstWriter != step || step.Inputs.Take(i).Where((w, j) => w == v && step.WritesGradient(j)).Any())],
        Parameters = step.Request.Layer is Reorder ? [] : Parameters.Of(step.Source),
        ParameterGradients = Options.Backward && Options.ParameterGradients(step.Source),
        Saved = memory.Saved(step, arena),
        Scratch = new Region(scratch, 0, memory.Scratch),
        BatchStatistics = Options.BatchStatistics,
        Random = (Options.Seed, Philox.Stream(RandomPurpose.Dropout, position)),
    };

    private void BindAll(MemoryPlan memory)
    {
        foreach (PlanValue v in plan.Values)
        {
            v.Value = memory.Value(v, Batch, arena);
            if (v.NeedsGradient) v.Gradient = memory.Gradient(v, Batch, arena);
        }
        Dictionary<Node, int> position = Graph.Nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        foreach (PlanStep step in plan.Steps)
        {
            stepsOf[step.Node] = (stepsOf.TryGetValue(step.Node, out (int First, int Last) range) ? range.First : step.Index, step.Index);
            step.Kernel = step.Offer.Bind(Bind(step, memory, position[step.Source]));
        }
    }

    // With the gradients where they are not there yet.
    private MemoryNeed Need(int samples)
    {
        long gradients = Options.Backward && !Parameters.HasGradientStorage ? Parameters.ValueStorage.Bytes : 0;
        return samples == Batch ? MemoryNeed.Of(Report, Graph, samples, gradients) : MemoryNeed.Of(Graph, Backend, samples, Options, gradients);
    }

    // A backward pass lays gradients over values that nobody reads any more.
    private void UseValues(BackwardPass pass)
    {
        if (pass.Top >= ready)
        {
            throw new InvalidOperationException(
                $"a backward pass from {plan.Steps[pass.Top].Node.Name} needs a forward pass before it; one serves one backward pass, or several with {nameof(NetOptions.ShareMemory)} = false");
        }
        if (Options.ShareMemory) ready = 0;
    }

    private void RequireLosses()
    {
        if (fromLosses is null) throw new InvalidOperationException(Options.Backward ? "the plan has no loss to start from; give a node and its gradient" : NoBackward);
    }

    private bool Learns(PlanStep step) => step.Request.Layer is not Reorder && Options.ParameterGradients(step.Source);

    // Whether no other step uses this one's parameters.
    private bool IsAlone(PlanStep step) =>
        plan.Steps.Count(s => s.Request.Layer is not Reorder && ReferenceEquals(Parameters.Of(s.Source), Parameters.Of(step.Source))) == 1;

    private void Run(int first, int last, Phase phase)
    {
        if (first <= ready) ready = Math.Max(ready, last + 1);
        // A whole training pass counts one in every kernel; one that is not whole, or ends in an error, in some.
        long? next = phase == Phase.Test ? counted : first == 0 && last == plan.Steps.Count - 1 ? counted + 1 : null;
        counted = null;
        for (int i = first; i <= last; i++)
        {
            clock?.Start(StepClock.Pass.Forward, i);
            try
            {
                plan.Steps[i].Kernel!.Forward(phase);
            }
            catch (LayerException e)
            {
                Node node = plan.Steps[i].Node;
                throw new LayerException($"{node.Name} ({node.Layer.GetType().Name}): {e.Message}");
            }
            clock?.Stop(StepClock.Pass.Forward, i);
        }
        counted = next;
    }

    private void Backward(BackwardPass pass, int index, IReadOnlyList<(Node Node, float[] Gradient)>? seeds)
    {
        PlanStep step = plan.Steps[index];
        if (pass.IsActive(step))
        {
            Seed(pass, step, seeds);
            Watch(step);
        }
        RunBackward(pass, step);
    }

    private void Watch(PlanStep step)
    {
        if (Options.Watcher is { } watcher && step.Source.Layer is IAffine && step.Request.Layer is not Reorder) watcher.Arrived(step.Source, step.Output.Gradient!);
    }

    private void RunBackward(BackwardPass pass, PlanStep step)
    {
        clock?.Start(StepClock.Pass.Backward, step.Index);
        if (pass.IsActive(step)) step.Kernel!.Backward();
        else pass.ClearInsteadOfWriting(step);
        clock?.Stop(StepClock.Pass.Backward, step.Index);
    }

    // Puts a seed into its node's gradient right before the node's own step, when the buffer is certainly the node's: writes it,
    // or adds it where other seeds have back-propagated into the node or were given for it.
    private void Seed(BackwardPass pass, PlanStep step, IReadOnlyList<(Node Node, float[] Gradient)>? seeds)
    {
        if (step.Request.Layer is Reorder || !pass.IsSeed(step.Node)) return;
        Tensor target = step.Output.Gradient!;
        if (seeds is null)
        {
            target.Fill(1);
            return;
        }
        bool adds = pass.HasActiveReader(step.Output);
        foreach ((Node node, float[] gradient) in seeds)
        {
            if (node != step.Node) continue;
            if (!adds)
            {
                target.Write(gradient);
                adds = true;
                continue;
            }
            double[] sum = target.ReadExact();
            for (int i = 0; i < sum.Length; i++) sum[i] += gradient[i];
            target.Write(sum);
        }
    }

    private (int First, int Last) StepsOf(Node node)
    {
        _ = Value(node);
        return stepsOf.TryGetValue(node, out (int, int) range) ? range : throw new ArgumentException($"{node.Name} is an input; nothing computes it");
    }

    private Tensor Loadable(Node node) => node.Layer is Input
        ? this[node]
        : throw new ArgumentException($"{node.Name} is computed by {node.Layer.GetType().Name}; only input nodes are loaded");

    private PlanValue Value(Node node)
    {
        if (plan.Of.TryGetValue(node, out PlanValue? value)) return value;
        throw Graph.Nodes.Contains(node)
            ? new InvalidOperationException($"{node.Name} has no value of its own in this plan: it was fused or is not needed; plan with Fuse = false or put it into Observe")
            : new GraphException($"{node.Name} is not part of this graph");
    }
}
