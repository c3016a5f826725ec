using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// A classification net made into Fast R-CNN's (Girshick 2015, §2.1): one of its poolings becomes RoI pooling into as many bins as it had outputs, and its
/// classifier two layers, scores of all classes and the background, and a box for each. Below that pooling every window is padded by half its size, so that a
/// cell of the map lies where its pixels are (Caffe's detection nets: conv1 by 5, pool1 and pool2 by 1). Layers keep their names, so their weights fit.
/// </summary>
public sealed class DetectorNet
{
    /// <summary>The layer of the classes' scores.</summary>
    public const string ScoresName = "cls_score";

    /// <summary>The layer of the boxes.</summary>
    public const string BoxesName = "bbox_pred";

    private readonly Node cut, classifier;

    private DetectorNet(Node cut, Node classifier, int classes, int stride) => (this.cut, this.classifier, Classes, Stride) = (cut, classifier, classes, stride);

    /// <summary>Classes, without the background.</summary>
    public int Classes { get; }

    /// <summary>Classes, with it.</summary>
    public int Labels => Classes + 1;

    /// <summary>Pixels a cell of the map.</summary>
    public int Stride { get; }

    /// <summary>The pooling that became RoI pooling.</summary>
    public string Cut => cut.Name;

    /// <summary>The layer that became two.</summary>
    public string Classifier => classifier.Name;

    /// <summary>Takes a net apart.</summary>
    /// <param name="scores">Its classifier's node: an inner product.</param>
    /// <param name="at">The pooling to replace; by default the last one before the classifier.</param>
    /// <param name="classes">Of objects.</param>
    /// <exception cref="GraphException">The net cannot be cut there; the message says why.</exception>
    public static DetectorNet Of(Node scores, int classes, string? at = null)
    {
        if (scores.Layer is not InnerProduct) throw new GraphException($"{scores.Name} ({scores.Layer.GetType().Name}): a detector takes a net that ends in an inner product");
        Graph graph = Graph.Of(scores);
        Node cut = at is null ? LastPooling(scores) : graph[at];
        if (cut.Inputs.Count != 1 || cut.Shape is { Height: 1, Width: 1 } && cut.Layer is not Pooling)
            throw new GraphException($"{cut.Name} ({cut.Layer.GetType().Name}) puts out {cut.Shape} of {cut.Inputs.Count} inputs; a net is cut at a pooling");
        var net = new DetectorNet(cut, scores, classes, StrideOf(cut.Inputs[0]));
        _ = net.At(Sides(graph).Height, Sides(graph).Width, regions: 1);
        return net;
    }

    /// <summary>The net for pictures of a size and so many regions each.</summary>
    public DetectorGraph At(int height, int width, int regions)
    {
        Node pictures = Node.Input("data", 3, height, width), boxes = Node.RegionInput("rois", regions, 5);
        var made = new Dictionary<Node, Node>();
        Node map = Below(cut.Inputs[0], pictures, made);
        made[cut] = map.RoiPool(cut.Name, boxes, cut.Shape.Height, cut.Shape.Width, 1f / Stride);
        Node top = Above(classifier.Inputs[0], made, [cut]);
        Node scores = top.InnerProduct(ScoresName, Labels), shifts = top.InnerProduct(BoxesName, 4 * Labels);
        Node labels = Node.RegionInput("labels", regions, 1), targets = Node.RegionInput("bbox_targets", regions, 4 * Labels);
        Node inside = Node.RegionInput("bbox_inside_weights", regions, 4 * Labels), outside = Node.RegionInput("bbox_outside_weights", regions, 4 * Labels);
        Node probabilities = scores.Softmax("cls_prob");
        Node classLoss = scores.SoftmaxLoss(labels, "loss_cls", ignoreLabel: DetectorGraph.NoRegion), boxLoss = shifts.SmoothL1Loss(targets, inside, outside, "loss_bbox");
        return new DetectorGraph(Graph.Of(classLoss, boxLoss, probabilities), pictures, boxes, map, probabilities, shifts, labels, targets, inside, outside, [classLoss, boxLoss]);
    }

    private static Node LastPooling(Node scores)
    {
        for (Node n = scores; n.Inputs.Count > 0; n = n.Inputs[0])
            if (n.Layer is Pooling) return n;
        throw new GraphException($"no pooling lies below {scores.Name}; name the node to cut at");
    }

    private static Shape Sides(Graph graph) => graph.Nodes.First(n => n.Layer is Input).Shape;

    private static int StrideOf(Node map)
    {
        int stride = 1;
        for (Node n = map; n.Inputs.Count > 0; n = n.Inputs[0])
        {
            Extent step = n.Layer switch { Convolution c => c.Stride, Pooling p => p.Stride, _ => 1 };
            if (step.Height != step.Width) throw new GraphException($"{n.Name} has a stride of {step}; cells of the map have to be square");
            stride *= step.Height;
        }
        return stride;
    }

    private static Node Below(Node n, Node pictures, Dictionary<Node, Node> made)
    {
        if (made.TryGetValue(n, out Node? known)) return known;
        Node node = n.Layer is Input ? pictures : new Node(n.Name, Padded(Shared(n.Layer, made)), [.. n.Inputs.Select(i => Below(i, pictures, made))]);
        return made[n] = node;
    }

    private Node Above(Node n, Dictionary<Node, Node> made, HashSet<Node> above)
    {
        if (above.Contains(n)) return made[n];
        if (n.Inputs.Count == 0 || made.ContainsKey(n)) throw new GraphException($"the net does not pass through {cut.Name} alone: {n.Name} is read above it");
        made[n] = new Node(n.Name, Shared(n.Layer, made), [.. n.Inputs.Select(i => Above(i, made, above))]);
        above.Add(n);
        return made[n];
    }

    private static Layer Shared(Layer layer, Dictionary<Node, Node> made) => layer.SharedWith is { } owner ? layer with { SharedWith = made[owner] } : layer;

    private static Layer Padded(Layer layer) => layer switch
    {
        Convolution c => c with { Pad = new Extent((c.Reach.Height - 1) / 2, (c.Reach.Width - 1) / 2) },
        Pooling p => p with { Pad = new Extent((p.Kernel.Height - 1) / 2, (p.Kernel.Width - 1) / 2) },
        _ => layer,
    };
}

/// <summary>A detector's net for one size of pictures.</summary>
/// <param name="Graph">Both losses, and the probabilities.</param>
/// <param name="Pictures">Input: blue, green, red, mean subtracted.</param>
/// <param name="Regions">Input: picture, left, top, right, bottom.</param>
/// <param name="Map">What regions are pooled from.</param>
/// <param name="Probabilities">Of the background and the classes.</param>
/// <param name="Shifts">Scaled deltas, four a label.</param>
/// <param name="Labels">Input: 0 background, 1 … the classes, <see cref="NoRegion"/> for a region that is not there.</param>
/// <param name="Targets">Input: scaled deltas.</param>
/// <param name="Inside">Input: ones at the region's own label.</param>
/// <param name="Outside">Input: what makes the mean one over the regions that are there.</param>
/// <param name="Losses">Of classes and of boxes.</param>
public sealed record DetectorGraph(
    Graph Graph, Node Pictures, Node Regions, Node Map, Node Probabilities, Node Shifts, Node Labels, Node Targets, Node Inside, Node Outside, IReadOnlyList<Node> Losses)
{
    /// <summary>The label of a region that is not there.</summary>
    public const int NoRegion = -1;
}
