namespace EvenNet.Framework;

/// <summary>
/// All parameters of a graph in flat blocks, in graph order. Plans share it: initialize on one batch size, train on another, test on a third.
/// </summary>
public sealed class ParameterSet : IDisposable
{
    // Every parameter starts on a cache line.
    private const int Alignment = 16;
    private readonly Dictionary<string, Parameter> byName;
    private readonly Dictionary<Node, IReadOnlyList<Parameter>> byNode = [];
    private readonly ParameterSet? owner;
    private Storage? gradients;
    private bool holdsGradients;

    /// <summary>Sets up all parameters of <paramref name="graph"/>, zero but for the scales, which are one.</summary>
    public ParameterSet(Graph graph, Backend backend)
    {
        (Graph, Backend) = (graph, backend);
        byName = new Dictionary<string, Parameter>(StringComparer.Ordinal);
        long offset = 0;
        var all = new List<Parameter>();
        foreach (Node node in graph.Nodes)
        {
            var own = new List<Parameter>();
            foreach (ParameterSpec spec in node.ParameterSpecs)
            {
                own.Add(new Parameter(this, node, spec, offset));
                offset += (spec.Count + Alignment - 1) / Alignment * Alignment;
            }
            byNode[node] = own;
            all.AddRange(own);
        }
        All = all;
        foreach (Parameter p in all) byName[p.Name] = p;
        foreach (Node node in graph.Nodes)
            if (node.Layer.SharedWith is { } owner) byNode[node] = Shared(node, owner);
        ValueStorage = backend.Allocate(offset);
        foreach (Parameter p in all)
            if (p.Spec.Initial != 0) p.Fill(p.Spec.Initial);
    }

    private ParameterSet(Graph graph, ParameterSet owner)
    {
        (Graph, Backend, this.owner, All, byName, ValueStorage) = (graph, owner.Backend, owner, owner.All, owner.byName, owner.ValueStorage);
        foreach (Node node in graph.Nodes)
        {
            IReadOnlyList<ParameterSpec> wants = node.ParameterSpecs;
            Parameter[] has = [.. wants.Select(spec => byName.GetValueOrDefault($"{node.Name}.{spec.Name}")).OfType<Parameter>()];
            if (has.Length != wants.Count || !wants.Zip(has).All(p => p.First.Dimensions.SequenceEqual(p.Second.Spec.Dimensions)))
                throw new GraphException($"{node.Name} needs parameters of {Sizes(wants)}, there are {(has.Length == 0 ? "none" : Sizes(has.Select(p => p.Spec)))}");
            byNode[node] = has;
        }
        foreach (Node node in graph.Nodes)
            if (node.Layer.SharedWith is { } other) byNode[node] = Shared(node, other);
    }

    /// <summary>
    /// The same parameters for another graph, whose nodes of the same names need the same sizes: the same layers on pictures of another size. It owns
    /// nothing; a solver of either serves nets of both.
    /// </summary>
    /// <exception cref="GraphException">A node needs parameters that are not there, or of another size.</exception>
    public ParameterSet For(Graph graph) => new(graph, owner ?? this);

    /// <summary>Whether another set holds the same parameters.</summary>
    public bool IsSame(ParameterSet other) => (owner ?? this) == (other.owner ?? other);

    /// <summary>The graph whose parameters these are.</summary>
    public Graph Graph { get; }

    /// <summary>Whose memory they lie in.</summary>
    public Backend Backend { get; }

    /// <summary>In graph order.</summary>
    public IReadOnlyList<Parameter> All { get; }

    /// <summary>The block of all values.</summary>
    public Storage ValueStorage { get; }

    /// <summary>The block of all gradients, made at the first call.</summary>
    public Storage GradientStorage => owner?.GradientStorage ?? (gradients ??= Backend.Allocate(ValueStorage.Count));

    /// <summary>Whether that block was made.</summary>
    public bool HasGradientStorage => owner?.HasGradientStorage ?? gradients is not null;

    /// <summary>The parameter with this name.</summary>
    /// <exception cref="GraphException">There is none; the message names the nearest.</exception>
    public Parameter this[string name] => byName.TryGetValue(name, out Parameter? p)
        ? p
        : throw new GraphException($"no parameter named {name}; did you mean {NearestName.Of(name, byName.Keys)}?");

    /// <summary>A node's parameters, in the order of its specs; those of another node where it shares them.</summary>
    public IReadOnlyList<Parameter> Of(Node node) => byNode.TryGetValue(node, out IReadOnlyList<Parameter>? own)
        ? own
        : throw new GraphException($"{node.Name} is not part of this graph");

    /// <summary>An affine node's weight: outputs × fan-in.</summary>
    public Parameter Weight(Node node) => Of(node).First(p => p.Spec.Name == "weight");

    /// <summary>An affine node's bias, or null.</summary>
    public Parameter? Bias(Node node) => Of(node).FirstOrDefault(p => p.Spec.Name == "bias");

    /// <summary>An affine node's frozen scale.</summary>
    public Parameter Scale(Node node) => Of(node).First(p => p.Spec.Name == "scale");

    /// <summary>Whether there is a parameter with this name.</summary>
    public bool TryGet(string name, out Parameter? parameter) => byName.TryGetValue(name, out parameter);

    /// <summary>Whether a backward pass has added gradients that no step has used.</summary>
    public bool HoldsGradients
    {
        get => owner?.HoldsGradients ?? holdsGradients;
        internal set
        {
            if (owner is null) holdsGradients = value;
            else owner.HoldsGradients = value;
        }
    }

    /// <summary>Sets all gradients to zero. Backward adds; in training the solver's step clears.</summary>
    public void ClearGradients()
    {
        GradientStorage.Clear(0, GradientStorage.Count);
        HoldsGradients = false;
    }

    /// <summary>Frees the blocks; where they are another set's, nothing.</summary>
    public void Dispose()
    {
        if (owner is not null) return;
        ValueStorage.Dispose();
        gradients?.Dispose();
    }

    private IReadOnlyList<Parameter> Shared(Node node, Node owner)
    {
        IReadOnlyList<ParameterSpec> wants = node.Layer.Parameters(node.InputShapes);
        IReadOnlyList<Parameter> has = Of(owner);
        bool fits = wants.Count == has.Count && wants.Zip(has).All(p => p.First.Dimensions.SequenceEqual(p.Second.Spec.Dimensions));
        return fits ? has : throw new GraphException($"{node.Name} cannot share the parameters of {owner.Name}: it needs {Sizes(wants)}, they are {Sizes(has.Select(p => p.Spec))}");
    }

    private static string Sizes(IEnumerable<ParameterSpec> specs) => string.Join(", ", specs.Select(s => string.Join("×", s.Dimensions)));
}
