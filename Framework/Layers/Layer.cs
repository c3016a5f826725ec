namespace EvenNet.Framework;

/// <summary>What a node computes: hyperparameters, size inference and parameter specs. Immutable; knows no device.</summary>
public abstract record Layer
{
    /// <summary>Another node of the same kind whose parameters this layer uses; their gradients add up.</summary>
    public Node? SharedWith { get; init; }

    /// <summary>Size of the output for inputs of these sizes.</summary>
    /// <exception cref="LayerException">The inputs do not fit.</exception>
    public abstract Shape Infer(IReadOnlyList<Shape> inputs);

    /// <summary>
    /// Samples that the output has for each sample of the batch, where the inputs have so many: one where it is of the picture, more where it is of
    /// regions of it (<see cref="RoiPooling"/>).
    /// </summary>
    /// <exception cref="LayerException">The inputs do not go together.</exception>
    public virtual int InferMultiplicity(IReadOnlyList<int> inputs) => inputs.Distinct().Count() switch
    {
        0 => 1,
        1 => inputs[0],
        _ => throw Invalid($"its inputs have {string.Join(" and ", inputs)} samples a picture; only RoI pooling brings regions and pictures together"),
    };

    /// <summary>The layer's parameters for inputs of these sizes.</summary>
    public virtual IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs) => [];

    /// <summary>Multiply-adds for one sample.</summary>
    public virtual long MultiplyAdds(IReadOnlyList<Shape> inputs, Shape output) => 0;

    /// <summary>Whether the output depends differentiably on this input (labels do not).</summary>
    public virtual bool IsDifferentiable(int input) => true;

    /// <summary>
    /// Whether a positive factor on all inputs comes out as a factor, or nearly (local response normalisation): what rescaling without scale layers
    /// rests on. False for curves with a scale of their own: tanh(c · x) is no multiple of tanh(x).
    /// </summary>
    public virtual bool IsHomogeneous => true;

    /// <summary>The error to throw from <see cref="Infer"/>.</summary>
    protected static LayerException Invalid(string why) => new(why);

    /// <summary>The only input's size.</summary>
    protected static Shape One(IReadOnlyList<Shape> inputs) => inputs.Count == 1 ? inputs[0] : throw Invalid($"takes one input, got {inputs.Count}");

    /// <summary>Throws unless the value is positive.</summary>
    protected static void RequirePositive(string what, int value)
    {
        if (value <= 0) throw Invalid($"{what} must be positive, got {value}");
    }

    /// <summary>Throws unless both sides reach <paramref name="least"/>.</summary>
    protected static void Require(string what, Extent extent, int least)
    {
        if (extent.Height < least || extent.Width < least) throw Invalid($"{what} must be at least {least}, got {extent}");
    }
}

/// <summary>
/// A layer z = s · (W x + b): what the initializers set. s is a frozen scalar, one unless the between-layer step puts a scale layer there
/// (Krähenbühl et al. 2016, §3.2: the undo of a scaling by an inserted scale layer).
/// </summary>
public interface IAffine
{
    /// <summary>Output channels.</summary>
    int Outputs { get; }

    /// <summary>Groups: output channels see only their group's input channels.</summary>
    int Groups { get; }

    /// <summary>Whether there is a b.</summary>
    bool HasBias { get; }
}

/// <summary>
/// A layer whose value is each sample's share of a scalar loss: N×1, to be summed over the batch. Its last inputs are labels.
/// </summary>
public interface ILoss
{
    /// <summary>Factor of this loss in the sum of losses.</summary>
    float Weight { get; }
}

/// <summary>Why a layer cannot take its inputs: their sizes, to which the node that is being made adds its name and the way there, or what is in them.</summary>
public sealed class LayerException(string message) : Exception(message);
