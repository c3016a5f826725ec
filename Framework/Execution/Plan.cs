namespace EvenNet.Framework;

/// <summary>One value of a plan: a node's, or a reordered copy of it.</summary>
internal sealed class PlanValue(Node node, LayoutKind kind, bool needsGradient)
{
    public Node Node => node;
    public LayoutKind Kind => kind;
    public bool NeedsGradient => needsGradient;

    /// <summary>Border of the value; −1 while no reader has said what it needs.</summary>
    public int Halo { get; set; } = -1;
    public PlanStep? Maker { get; set; }
    public List<PlanStep> Readers { get; } = [];

    public Layout Layout => new(kind, Math.Max(0, Halo));
    public Layout GradientLayout => new(kind, Maker?.Offer.GradientHalo ?? 0);

    /// <summary>The reader that writes the gradient: the last in forward order, so the first in backward order. The others add.</summary>
    public PlanStep? FirstWriter { get; set; }

    public Tensor? Value { get; set; }
    public Tensor? Gradient { get; set; }
}

/// <summary>One kernel's place in a plan.</summary>
internal sealed class PlanStep(Node node, Node source, IReadOnlyList<PlanValue> inputs, PlanValue output, KernelRequest request, KernelOffer offer)
{
    /// <summary>The node whose value this step completes; for a reorder, the node that wanted it.</summary>
    public Node Node => node;

    /// <summary>The node whose layer and parameters this step uses: the affine node where a rectifier was fused onto it.</summary>
    public Node Source => source;
    public IReadOnlyList<PlanValue> Inputs => inputs;
    public PlanValue Output => output;
    public KernelRequest Request => request;
    public KernelOffer Offer => offer;
    public int Index { get; set; }
    public Kernel? Kernel { get; set; }

    /// <summary>Whether backward yields this input's gradient.</summary>
    public bool WritesGradient(int input) => inputs[input].NeedsGradient && request.Layer.IsDifferentiable(input);
}

/// <summary>Steps in forward order, the values between them, and the nodes that the plan is for.</summary>
internal sealed record Plan(
    IReadOnlyList<PlanStep> Steps, IReadOnlyList<PlanValue> Values, IReadOnlyDictionary<Node, PlanValue> Of, IReadOnlyList<Node> Outputs);
