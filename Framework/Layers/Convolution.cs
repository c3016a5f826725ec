namespace EvenNet.Framework;

/// <summary>
/// y[n,o] = s · (b[o] + Σ_c w[o,c] ⋆ x[n,c]) with zero padding, where c runs over the channels of o's group.
/// Output size rounds down: (H + 2·pad − (dilation·(kernel−1) + 1)) / stride + 1.
/// </summary>
public sealed record Convolution(int Outputs, Extent Kernel) : Layer, IAffine
{
    /// <summary>Step of the window.</summary>
    public Extent Stride { get; init; } = 1;

    /// <summary>Zeros on each side.</summary>
    public Extent Pad { get; init; } = 0;

    /// <summary>Distance between the window's taps.</summary>
    public Extent Dilation { get; init; } = 1;

    /// <inheritdoc/>
    public int Groups { get; init; } = 1;

    /// <inheritdoc/>
    public bool HasBias { get; init; } = true;

    /// <summary>Factor on the solver's decay of the weight; the bias has none.</summary>
    public float Decay { get; init; } = 1;

    /// <summary>Factor on the solver's rate for the bias: two in Caffe's nets.</summary>
    public float BiasRate { get; init; } = 2;

    /// <summary>Rows and columns that a dilated window spans.</summary>
    public Extent Reach => new(Dilation.Height * (Kernel.Height - 1) + 1, Dilation.Width * (Kernel.Width - 1) + 1);

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
        int height = x.Height + 2 * Pad.Height - Reach.Height, width = x.Width + 2 * Pad.Width - Reach.Width;
        if (height < 0 || width < 0) throw Invalid($"a {Reach} window does not fit {x.Height}×{x.Width} padded by {Pad}");
        return new Shape(Outputs, height / Stride.Height + 1, width / Stride.Width + 1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs) =>
        AffineParameters.Of([Outputs, inputs[0].Channels / Groups, Kernel.Height, Kernel.Width], HasBias, Decay, BiasRate);

    /// <inheritdoc/>
    public override long MultiplyAdds(IReadOnlyList<Shape> inputs, Shape output) =>
        (long)output.Count * (inputs[0].Channels / Groups) * Kernel.Height * Kernel.Width;
}

/// <summary>The fluent face of <see cref="Framework.Convolution"/>.</summary>
public static class ConvolutionNotation
{
    extension(Node x)
    {
        /// <summary>A convolution; stride and dilation default to 1, padding to 0. decay: factor on the weight's decay; biasRate: on the bias's rate.</summary>
        public Node Convolution(
            string name, int outputs, Extent kernel, Extent? stride = null, Extent? pad = null, int groups = 1, Extent? dilation = null, bool bias = true,
            float decay = 1, float biasRate = 2) => new(
            name, new Convolution(outputs, kernel)
            {
                Stride = stride ?? 1,
                Pad = pad ?? 0,
                Dilation = dilation ?? 1,
                Groups = groups,
                HasBias = bias,
                Decay = decay,
                BiasRate = biasRate,
            }, x);
    }
}
