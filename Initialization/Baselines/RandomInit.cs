using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Initialization without data: every affine layer's weights from one distribution, biases at one value, scales at one.</summary>
public abstract record RandomInit
{
    /// <summary>«xavier»: the method's name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Sets all weights and biases of affine layers.</summary>
    public void Apply(ParameterSet parameters, ulong seed)
    {
        int index = 0;
        foreach (Node node in parameters.Graph.Affine.Where(n => n.Layer.SharedWith is null))
        {
            Parameter weight = parameters.Weight(node);
            float[] weights = new float[weight.Count];
            Fill(parameters.Backend, weight, weights, new Philox(seed, RandomPurpose.Weights, index++));
            ParameterPieces.Write(parameters.Backend, weight, weights);
            parameters.Bias(node)?.Fill(BiasOf(node));
            parameters.Scale(node).Fill(1);
        }
    }

    /// <summary>For an initialization that is made of others.</summary>
    internal void FillOne(Backend backend, Parameter weight, float[] weights, RandomSource random) => Fill(backend, weight, weights, random);

    /// <summary>Draws one layer's weights, outputs × fan-in.</summary>
    protected abstract void Fill(Backend backend, Parameter weight, float[] weights, RandomSource random);

    /// <summary>Multiplies all weights.</summary>
    protected static void Scale(Backend backend, float[] weights, float factor)
    {
        const int Piece = 1 << 16;
        backend.For((weights.Length + Piece - 1) / Piece, piece =>
        {
            foreach (ref float w in weights.AsSpan(piece * Piece, Math.Min(Piece, weights.Length - piece * Piece))) w *= factor;
        });
    }

    /// <summary>The layer's bias.</summary>
    protected virtual float BiasOf(Node node) => 0;

    /// <summary>n of a weight: fan-in, outputs × window, or their mean (Caffe's filler: count / first and count / second dimension).</summary>
    protected static double Fan(Parameter weight, FanMode mode)
    {
        double fanIn = weight.FanIn, fanOut = (double)weight.Count / weight.Spec.Dimensions[1];
        return mode switch
        {
            FanMode.In => fanIn,
            FanMode.Out => fanOut,
            _ => (fanIn + fanOut) / 2,
        };
    }
}

/// <summary>Uniform on [−a, a] with a = √(3/n) (Glorot and Bengio 2010, as Caffe has it: n is the fan-in unless asked otherwise).</summary>
public sealed record XavierInit(FanMode Mode = FanMode.In) : RandomInit
{
    /// <inheritdoc/>
    public override string Name => "xavier";

    /// <inheritdoc/>
    protected override void Fill(Backend backend, Parameter weight, float[] weights, RandomSource random)
    {
        float a = (float)Math.Sqrt(3 / Fan(weight, Mode));
        random.FillUniform(weights, -a, a);
    }
}

/// <summary>N(0, 2/n) (He et al. 2015, §2.2; n is the fan-in unless asked otherwise).</summary>
public sealed record MsraInit(FanMode Mode = FanMode.In) : RandomInit
{
    /// <inheritdoc/>
    public override string Name => "msra";

    /// <inheritdoc/>
    protected override void Fill(Backend backend, Parameter weight, float[] weights, RandomSource random)
    {
        random.FillGaussian(weights, backend.For);
        float deviation = (float)Math.Sqrt(2 / Fan(weight, Mode));
        Scale(backend, weights, deviation);
    }
}

/// <summary>The fills that a published net was tuned to by hand.</summary>
/// <param name="Fills">By the affine node's name: σ of a Gaussian, or null for Xavier; and the bias.</param>
public sealed record HandTunedInit(Func<string, (float? Deviation, float Bias)> Fills) : RandomInit
{
    /// <inheritdoc/>
    public override string Name => "caffe";

    /// <inheritdoc/>
    protected override void Fill(Backend backend, Parameter weight, float[] weights, RandomSource random)
    {
        if (Fills(weight.Node.Name).Deviation is not { } deviation)
        {
            float a = (float)Math.Sqrt(3 / Fan(weight, FanMode.In));
            random.FillUniform(weights, -a, a);
            return;
        }
        random.FillGaussian(weights, backend.For);
        Scale(backend, weights, deviation);
    }

    /// <inheritdoc/>
    protected override float BiasOf(Node node) => Fills(node.Name).Bias;
}

/// <summary>
/// MSRA in the convolutions, the hand-tuned fills in the inner products (the MSRA row of Krähenbühl et al. 2016, Table 2).
/// </summary>
/// <param name="Fills">As for <see cref="HandTunedInit"/>.</param>
public sealed record MsraConvolutionInit(Func<string, (float? Deviation, float Bias)> Fills) : RandomInit
{
    private readonly MsraInit convolutions = new();
    private readonly HandTunedInit products = new(Fills);

    /// <inheritdoc/>
    public override string Name => "msra-conv";

    /// <inheritdoc/>
    protected override void Fill(Backend backend, Parameter weight, float[] weights, RandomSource random) => (weight.Node.Layer is Convolution ? (RandomInit)convolutions : products).FillOne(backend, weight, weights, random);

    /// <inheritdoc/>
    protected override float BiasOf(Node node) => node.Layer is Convolution ? 0 : Fills(node.Name).Bias;
}
