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

    /// <summary>The value of which this one is some channels, from <see cref="FirstChannel"/> on; and the same of the gradients.</summary>
    public PlanValue? Whole { get; set; }

    /// <inheritdoc cref="Whole"/>
    public PlanValue? GradientWhole { get; set; }

    public int FirstChannel { get; set; }

    public Layout Layout => Whole?.Layout ?? new(kind, Math.Max(0, Halo));
    public Layout GradientLayout => GradientWhole?.GradientLayout ?? new(kind, Maker?.Offer.GradientHalo ?? 0);
    public long SampleStride => Whole?.SampleStride ?? Layout.SampleCount(node.Shape);
    public long GradientStride => GradientWhole?.GradientStride ?? GradientLayout.SampleCount(node.Shape);

    /// <summary>Elements of the channels before this part in a sample of the whole, in the whole's layout.</summary>
    public long PartOffset(Layout layout) => layout.SampleCount(node.Shape with { Channels = FirstChannel });

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
