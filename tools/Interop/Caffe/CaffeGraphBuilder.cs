using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;
using Google.Protobuf;

namespace EvenNet.Interop;

// From a Caffe net's layers to a graph, layer by layer: each reads blobs by name and writes others, or the same again.
internal sealed class CaffeGraphBuilder(CaffeFile file, CaffeState state)
{
    private readonly Dictionary<string, CaffeBlob> blobs = new(StringComparer.Ordinal);

    // Blobs that nothing has read yet, in the order of their making: the outputs at the end.
    private readonly List<string> unread = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (Node Node, int Index)> owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (float, float)> multipliers = new(StringComparer.Ordinal);
    private readonly List<string> notes = [.. file.Notes];

    public CaffeState State => state;

    public CaffeGraph Build()
    {
        Inputs();
        foreach (LayerParameter layer in file.Net.Layer.Where(l => CaffeStateRules.Includes(l, state))) Add(layer);
        Node[] outputs = [.. unread.Select(name => blobs[name].Node).Where(n => n.Layer is not Input).Distinct()];
        if (outputs.Length == 0) throw new NetFormatException(file.Path, $"describes no net: no layer of the {file.Net.Layer.Count} takes part and puts anything out in phase {state.Phase}");
        try
        {
            return new CaffeGraph(Graph.Of(outputs), notes, multipliers) { Blobs = blobs.ToDictionary(b => b.Key, b => b.Value.Node, StringComparer.Ordinal) };
        }
        catch (GraphException error)
        {
            throw new NetFormatException(file.Path, error.Message, error);
        }
    }

    /// <summary>The error for a layer, at its place in the text.</summary>
    public NetFormatException Wrong(LayerParameter layer, string reason) => file.Wrong(layer, $"{Named(layer)}: {reason}");

    /// <summary>Says that something is read otherwise than it stands there.</summary>
    public void Note(LayerParameter layer, string what) => notes.Add($"{Named(layer)}: {what}");

    /// <summary>The blob that a layer reads.</summary>
    public CaffeBlob Bottom(LayerParameter layer, int index)
    {
        string name = layer.Bottom[index];
        return blobs.TryGetValue(name, out CaffeBlob blob)
            ? blob
            : throw Wrong(layer, $"reads the blob {name}, which no layer before it makes; there {(blobs.Count == 0 ? "is none" : $"are {Some()}")}");
    }

    /// <summary>A new node under the layer's name, or one like it where that is taken.</summary>
    public Node Node(LayerParameter layer, Layer made, params IReadOnlyList<Node> inputs) => NodeOf(layer, layer.Name.Length > 0 ? layer.Name : layer.Top[0], made, inputs);

    /// <summary>A new node under another name.</summary>
    public Node NodeOf(LayerParameter layer, string name, Layer made, params IReadOnlyList<Node> inputs)
    {
        try
        {
            return new Node(Free(name), Shared(layer, made), inputs);
        }
        catch (GraphException error)
        {
            throw file.Wrong(layer, error.Message);
        }
    }

    /// <summary>Names a layer's output.</summary>
    public void Top(LayerParameter layer, int index, Node node, int axes) => Top(layer.Top[index], new CaffeBlob(node, axes));

    /// <summary>An output that no later layer can read.</summary>
    public void TopWithoutName(Node node) => Top($"\0{node.Name}", new CaffeBlob(node, Axes: 0));

    private void Top(string name, CaffeBlob blob)
    {
        blobs[name] = blob;
        unread.Remove(name);
        unread.Add(name);
    }

    private static string Named(LayerParameter layer) => $"{(layer.Name.Length > 0 ? layer.Name : "a layer without a name")} ({layer.Type})";

    private string Some()
    {
        const int most = 12;
        return string.Join(", ", blobs.Keys.TakeLast(most)) + (blobs.Count > most ? " and others" : "");
    }

    // The inputs of the older form: names beside the layers, sizes in a list of their own.
    private void Inputs()
    {
        NetParameter net = file.Net;
        for (int i = 0; i < net.Input.Count; i++)
        {
            IReadOnlyList<long> sizes = net.InputShape.Count > 0
                ? i < net.InputShape.Count ? net.InputShape[i].Dim : throw file.Wrong(net, $"has {net.Input.Count} inputs but {net.InputShape.Count} of input_shape")
                : net.InputDim.Count >= 4 * (i + 1) ? [.. net.InputDim.Skip(4 * i).Take(4).Select(d => (long)d)]
                : throw file.Wrong(net, $"the input {net.Input[i]} has no size: {net.Input.Count} inputs need {4 * net.Input.Count} of input_dim, there are {net.InputDim.Count}");
            AddInput(net, net.Input[i], sizes);
        }
    }

    /// <summary>An input of these sizes, the batch first.</summary>
    public void AddInput(IMessage where, string name, IReadOnlyList<long> sizes)
    {
        if (sizes.Count is < 1 or > 4 || sizes.Any(d => d is < 1 or > int.MaxValue))
            throw file.Wrong(where, $"the input {name} has the sizes {string.Join("×", sizes)}; a batch and up to channels × height × width were expected, all positive");
        int Size(int axis) => axis < sizes.Count ? (int)sizes[axis] : 1;
        try
        {
            Top(name, new CaffeBlob(Framework.Node.Input(Free(name), Size(1), Size(2), Size(3)), sizes.Count));
        }
        catch (GraphException error)
        {
            throw file.Wrong(where, error.Message);
        }
    }

    private void Add(LayerParameter layer)
    {
        if (!CaffeLayers.All.TryGetValue(layer.Type, out CaffeLayers.Rule? rule))
        {
            string nearest = NearestName.Of(layer.Type, CaffeLayers.All.Keys);
            string hint = NearestName.IsNear(layer.Type, nearest) ? $"; did you mean {nearest}?" : "";
            throw file.Wrong(layer, $"{Named(layer)}: there is no layer of this type here{(hint.Length > 0 ? hint : ";")} supported are {string.Join(", ", CaffeLayers.All.Keys.Order(StringComparer.Ordinal))}");
        }
        if (layer.Bottom.Count < rule.LeastInputs || layer.Bottom.Count > rule.MostInputs)
            throw Wrong(layer, $"takes {Range(rule.LeastInputs, rule.MostInputs)} bottoms, got {layer.Bottom.Count}");
        if (layer.Top.Count < rule.LeastOutputs || layer.Top.Count > rule.MostOutputs)
            throw Wrong(layer, $"takes {Range(rule.LeastOutputs, rule.MostOutputs)} tops, got {layer.Top.Count}");
        for (int i = 0; i < layer.Bottom.Count; i++) _ = Bottom(layer, i);
        if (rule.Reads)
            foreach (string bottom in layer.Bottom) unread.Remove(bottom);
        try
        {
            rule.Add(this, layer);
        }
        catch (OverflowException)
        {
            throw Wrong(layer, "a number in it is too large");
        }
    }

    private static string Range(int least, int most) => most == int.MaxValue ? $"at least {least}" : least == most ? $"{least}" : $"{least} to {most}";

    private string Free(string name)
    {
        if (string.IsNullOrWhiteSpace(name)) name = "unnamed";
        string free = name;
        for (int i = 2; !names.Add(free); i++) free = $"{name}/{i}";
        return free;
    }

    // A layer whose parameters have names of their own uses those of the first that named them so.
    private Layer Shared(LayerParameter layer, Layer made)
    {
        string[] shared = [.. layer.Param.Select(p => p.Name).Where(n => n.Length > 0)];
        if (shared.Length == 0 || !owners.TryGetValue(shared[0], out (Node Node, int Index) owner)) return made;
        int blobCount = layer.Param.Count;
        bool isWhole = Enumerable.Range(0, blobCount).All(i => layer.Param[i].Name is { Length: > 0 } name && owners.TryGetValue(name, out (Node Node, int Index) o) && o.Node == owner.Node && o.Index == i)
            && blobCount == owner.Node.ParameterSpecs.Count(s => !IsFrozenScale(owner.Node, s));
        if (!isWhole) throw Wrong(layer, $"shares some of its parameters with {owner.Node.Name} and not all in their order; only whole layers are shared");
        if (owner.Node.Layer.GetType() != made.GetType()) throw Wrong(layer, $"shares parameters with {owner.Node.Name}, a {owner.Node.Layer.GetType().Name}; both must be of one type");
        return made with { SharedWith = owner.Node };
    }

    /// <summary>Takes up names and factors of a layer's parameters.</summary>
    public void Own(LayerParameter layer, Node node)
    {
        if (node.Layer.SharedWith is not null) return;
        ParameterSpec[] specs = [.. node.ParameterSpecs.Where(s => !IsFrozenScale(node, s))];
        for (int i = 0; i < specs.Length; i++)
        {
            // Caffe's factors are one where nothing is said, for biases too.
            ParamSpec spec = i < layer.Param.Count ? layer.Param[i] : new();
            if (spec.Name.Length > 0) owners.TryAdd(spec.Name, (node, i));
            if (specs[i].IsLearned) multipliers[$"{node.Name}.{specs[i].Name}"] = (spec.LrMult, spec.DecayMult);
        }
    }

    private static bool IsFrozenScale(Node node, ParameterSpec spec) => node.Layer is IAffine && spec.Name == "scale";
}
