using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// A detector's plans for pictures of all sizes, over one set of parameters. A plan has fixed sizes, so there is one for each canvas that batches are drawn
/// on; sides are rounded up to keep them few, and the plan that was not used for longest goes when there are too many. What a plan computes does not depend
/// on which others there are.
/// </summary>
public sealed class DetectorPlans : IDisposable
{
    // Pixels that sides are multiples of, and plans that are kept: each has an arena of its own.
    private const int Step = 64, Most = 4;

    private readonly ParameterSet parameters;
    private readonly DetectorNet net;
    private readonly int pictures, regions;
    private readonly Func<DetectorGraph, NetOptions> options;
    private readonly LinkedList<(Shape Canvas, DetectorPlan Plan)> recent = [];

    /// <summary>No plan yet.</summary>
    /// <param name="parameters">Of any of the net's graphs.</param>
    /// <param name="net">What is planned.</param>
    /// <param name="pictures">In a batch.</param>
    /// <param name="regions">Of a picture.</param>
    /// <param name="options">Of each plan.</param>
    public DetectorPlans(ParameterSet parameters, DetectorNet net, int pictures, int regions, Func<DetectorGraph, NetOptions> options) =>
        (this.parameters, this.net, this.pictures, this.regions, this.options) = (parameters, net, pictures, regions, options);

    /// <summary>The canvas on which pictures of these sizes, the largest of each side, are drawn.</summary>
    public static Shape Canvas(int height, int width) => new(3, (height + Step - 1) / Step * Step, (width + Step - 1) / Step * Step);

    /// <summary>The plan for a canvas.</summary>
    public DetectorPlan For(Shape canvas)
    {
        for (LinkedListNode<(Shape Canvas, DetectorPlan Plan)>? n = recent.First; n is not null; n = n.Next)
        {
            if (n.Value.Canvas != canvas) continue;
            recent.Remove(n);
            recent.AddFirst(n);
            return n.Value.Plan;
        }
        if (recent.Count == Most)
        {
            recent.Last!.Value.Plan.Net.Dispose();
            recent.RemoveLast();
        }
        DetectorGraph graph = net.At(canvas.Height, canvas.Width, regions);
        var plan = new DetectorPlan(graph, new Net(parameters.For(graph.Graph), pictures, options(graph)));
        recent.AddFirst((canvas, plan));
        return plan;
    }

    /// <summary>Frees the plans; the parameters stay.</summary>
    public void Dispose()
    {
        foreach ((_, DetectorPlan plan) in recent) plan.Net.Dispose();
        recent.Clear();
    }
}

/// <summary>A plan for one canvas, and the nodes of its graph.</summary>
public sealed record DetectorPlan(DetectorGraph Graph, Net Net);
