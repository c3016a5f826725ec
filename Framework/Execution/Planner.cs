namespace EvenNet.Framework;

/// <summary>
/// Turns a graph into steps: asks the backend for a kernel per place, fuses, and puts a reorder where a value arrives in another order
/// than its reader takes.
/// </summary>
internal sealed class Planner
{
    private readonly Backend backend;
    private readonly int batch;
    private readonly NetOptions options;
    private readonly List<PlanStep> steps = [];
    private readonly List<PlanValue> values = [];
    private readonly Dictionary<Node, PlanValue> valueOf = [];
    private readonly Dictionary<(PlanValue, Layout), PlanValue> reordered = [];

    private Planner(Backend backend, int batch, NetOptions options) => (this.backend, this.batch, this.options) = (backend, batch, options);

    public static Plan Plan(Graph graph, Backend backend, int batch, NetOptions options)
    {
        if (batch <= 0) throw new ArgumentOutOfRangeException(nameof(batch), $"a batch needs at least one sample, got {batch}");
        foreach (Node node in options.Observe) Require(graph, node);
        if (options.Outputs is { } outputs)
        {
            foreach (Node node in outputs) Require(graph, node);
            graph = Graph.Of(outputs);
            if (options.Observe.FirstOrDefault(n => !graph.Nodes.Contains(n)) is { } stray)
                throw new GraphException($"{stray.Name} is to be observed, but none of the outputs {string.Join(", ", outputs.Select(o => o.Name))} depends on it");
        }
        return new Planner(backend, batch, options).Plan(graph);
    }

    private static void Require(Graph graph, Node node)
    {
        if (!ReferenceEquals(graph[node.Name], node)) throw new GraphException($"{node.Name} is a node of another graph");
    }

    private Plan Plan(Graph graph)
    {
        Dictionary<Node, Node> fused = options.Fuse ? Fusion.Rectifiers(graph, options.Observe) : [];
        foreach (Node node in graph.Nodes)
        {
            if (node.Layer is Input) Add(new PlanValue(node, LayoutKind.Plain, options.Backward && options.InputGradients), node);
            else if (!valueOf.ContainsKey(node)) AddStep(fused.GetValueOrDefault(node, node), node);
        }
        for (int i = 0; i < steps.Count; i++) steps[i].Index = i;
        foreach (PlanStep step in steps)
            for (int i = 0; i < step.Inputs.Count; i++)
                if (step.WritesGradient(i)) step.Inputs[i].FirstWriter = step;
        foreach (PlanStep step in steps)
            if (step.Offer.TakesParts || CanOverwrite(graph, step)) PlaceParts(step);
        return new Plan(steps, values, valueOf, graph.Outputs);
    }

    // node: whose value the step completes; source: whose layer it runs.
    private void AddStep(Node node, Node source)
    {
        PlanValue[] inputs = [.. source.Inputs.Select(i => valueOf[i])];
        bool inputGradient = inputs.Where((v, i) => v.NeedsGradient && source.Layer.IsDifferentiable(i)).Any();
        bool needsGradient = options.Backward && (inputGradient || source.Layer.Parameters(source.InputShapes).Count > 0);
        var request = new KernelRequest(
            source.Layer, batch * source.Multiplicity, source.InputShapes, source.Shape, [.. inputs.Select(v => v.Kind)], Relu: node != source, inputGradient)
        {
            Backward = needsGradient,
        };
        KernelOffer offer = backend.Offer(request);
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Arrange(inputs[i], offer.Reads[i], node);
        Connect(new PlanStep(node, source, inputs, Add(new PlanValue(node, offer.Writes, needsGradient), node), request, offer));
    }

    // The value in the layout that a reader takes: itself if it can be had so, else a reordered copy.
    private PlanValue Arrange(PlanValue value, Layout wanted, Node reader)
    {
        if (value.Kind == wanted.Kind)
        {
            bool blocked = wanted.Kind == LayoutKind.Blocked;
            if (blocked || value.Halo == wanted.Halo || (value.Halo < 0 && (value.Maker is null || wanted.Halo == 0)))
            {
                value.Halo = Math.Max(value.Halo, wanted.Halo);
                return value;
            }
        }
        Layout key = wanted.Kind == LayoutKind.Blocked ? Layout.Blocked() : wanted;
        if (!reordered.TryGetValue((value, key), out PlanValue? copy))
        {
            var layer = new Reorder(key);
            Shape shape = value.Node.Shape;
            var request = new KernelRequest(layer, batch * value.Node.Multiplicity, [shape], shape, [value.Kind], Relu: false, value.NeedsGradient) { Backward = value.NeedsGradient };
            KernelOffer offer = backend.Offer(request);
            if (value.Kind == LayoutKind.Plain && value.Halo < 0) value.Halo = 0;
            copy = new PlanValue(value.Node, wanted.Kind, value.NeedsGradient);
            values.Add(copy);
            reordered[(value, key)] = copy;
            Connect(new PlanStep(reader, value.Node, [value], copy, request, offer));
        }
        copy.Halo = Math.Max(copy.Halo, wanted.Halo);
        return copy;
    }

    // Only where the value below is not wanted again, by a backward pass or by the caller.
    private bool CanOverwrite(Graph graph, PlanStep step) =>
        step.Offer.Overwrites && !options.Backward && options.ShareMemory
        && !step.Source.Inputs.Any(node => options.Observe.Contains(node) || graph.Outputs.Contains(node));

    // What a step that joins values alone reads is made in its place; a gradient, where its maker needs no wider border than the whole has.
    private static void PlaceParts(PlanStep step)
    {
        PlanValue whole = step.Output;
        int channel = 0;
        foreach (PlanValue input in step.Inputs)
        {
            if (input.Maker is { } maker && input.Readers.Count == 1)
            {
                (input.Whole, input.FirstChannel) = (whole, channel);
                if (input.NeedsGradient && maker.Offer.GradientHalo <= whole.GradientLayout.Halo) input.GradientWhole = whole;
            }
            channel += input.Node.Shape.Channels;
        }
    }

    private PlanValue Add(PlanValue value, Node node)
    {
        values.Add(value);
        valueOf[node] = value;
        return value;
    }

    private void Connect(PlanStep step)
    {
        step.Output.Maker = step;
        foreach (PlanValue input in step.Inputs) input.Readers.Add(step);
        steps.Add(step);
    }
}
