namespace EvenNet.Framework;

/// <summary>
/// A convolution's backward pass as a layer: every input value adds its multiple of the window to the output,
/// y[n,o] = b[o] + Σ_c w[c,o] ⋆ᵀ x[n,c], where c runs over the channels of o's group, and the padding is cut off. Output size:
/// stride · (H − 1) + dilation · (kernel − 1) + 1 − 2 · pad. The initializers leave it alone.
/// </summary>
public sealed record Deconvolution(int Outputs, Extent Kernel) : Layer
{
    /// <summary>Step of the window in the output.</summary>
    public Extent Stride { get; init; } = 1;

    /// <summary>Rows and columns cut off on each side.</summary>
    public Extent Pad { get; init; } = 0;

    /// <summary>Distance between the window's taps.</summary>
    public Extent Dilation { get; init; } = 1;

    /// <summary>Groups: output channels see only their group's input channels.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether there is a b.</summary>
    public bool HasBias { get; init; } = true;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Shape x = One(inputs);
        RequirePositive("outputs", Outputs);
        RequirePositive("groups", Groups);
        Require("kernel", Kernel, 1);
        Require("stride", Stride, 1);
        Require("pad", Pad, 0);
        Require("dilation", Dilation, 1);
        if (x.Channels % Groups != 0) throw Invalid($"{Groups} groups do not divide the {x.Channels} input channels");
        if (Outputs % Groups != 0) throw Invalid($"{Groups} groups do not divide the {Outputs} outputs");
        int height = Size(x.Height, Stride.Height, Dilation.Height, Kernel.Height, Pad.Height), width = Size(x.Width, Stride.Width, Dilation.Width, Kernel.Width, Pad.Width);
        return height > 0 && width > 0 ? new Shape(Outputs, height, width) : throw Invalid($"a padding of {Pad} leaves nothing of the output");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs)
    {
        var weight = new ParameterSpec("weight", [inputs[0].Channels, Outputs / Groups, Kernel.Height, Kernel.Width]);
        return HasBias ? [weight, new("bias", [Outputs], LearningRate: 2, Decay: 0)] : [weight];
    }

    /// <inheritdoc/>
    public override long MultiplyAdds(IReadOnlyList<Shape> inputs, Shape output) => (long)inputs[0].Count * (Outputs / Groups) * Kernel.Height * Kernel.Width;

    private static int Size(int size, int stride, int dilation, int kernel, int pad) => checked(stride * (size - 1) + dilation * (kernel - 1) + 1 - 2 * pad);
}

/// <summary>The fluent face of <see cref="Framework.Deconvolution"/>.</summary>
public static class DeconvolutionNotation
{
    extension(Node x)
    {
        /// <summary>A transposed convolution; stride and dilation default to 1, padding to 0.</summary>
        public Node Deconvolution(string name, int outputs, Extent kernel, Extent? stride = null, Extent? pad = null, int groups = 1, Extent? dilation = null, bool bias = true) => new(
            name, new Deconvolution(outputs, kernel) { Stride = stride ?? 1, Pad = pad ?? 0, Dilation = dilation ?? 1, Groups = groups, HasBias = bias }, x);
    }
}
