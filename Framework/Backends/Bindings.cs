namespace EvenNet.Framework;

/// <summary>The tensors and parameters that a kernel is bound to for the life of a plan.</summary>
public sealed class Bindings
{
    /// <summary>What was asked for.</summary>
    public required KernelRequest Request { get; init; }

    /// <summary>Values read.</summary>
    public required IReadOnlyList<Tensor> Inputs { get; init; }

    /// <summary>Value written.</summary>
    public required Tensor Output { get; init; }

    /// <summary>Gradient of the output; null in a plan without a backward pass, and where nobody needs it.</summary>
    public required Tensor? OutputGradient { get; init; }

    /// <summary>Gradients of the inputs; null where nobody needs one.</summary>
    public required IReadOnlyList<Tensor?> InputGradients { get; init; }

    /// <summary>Whether to add to an input's gradient instead of writing it.</summary>
    public required IReadOnlyList<bool> Accumulate { get; init; }

    /// <summary>The layer's parameters, in the order of its specs.</summary>
    public required IReadOnlyList<Parameter> Parameters { get; init; }

    /// <summary>Whether backward adds to the parameters' gradients.</summary>
    public required bool ParameterGradients { get; init; }

    /// <summary>Lives from forward to backward; <see cref="KernelOffer.Saved"/> elements.</summary>
    public required Region Saved { get; init; }

    /// <summary>Holds nothing between calls; <see cref="KernelOffer.Scratch"/> elements or more.</summary>
    public required Region Scratch { get; init; }

    /// <summary><see cref="NetOptions.BatchStatistics"/>: batch normalization takes its batch's mean and variance in both phases and gathers none.</summary>
    public bool BatchStatistics { get; init; }

    /// <summary>Key of this place's random numbers: the plan's seed and the node's position in the graph.</summary>
    public required (ulong Seed, uint Stream) Random { get; init; }

    /// <summary>The parameter with this name, or null.</summary>
    public Parameter? Find(string name) => Parameters.FirstOrDefault(p => p.Spec.Name == name);

    /// <summary>The parameter with this name.</summary>
    public Parameter this[string name] => Find(name) ?? throw new InvalidOperationException($"{Request.Layer.GetType().Name} has no parameter {name}");
}
