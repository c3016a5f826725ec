using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>The methods by name.</summary>
public static class InitMethods
{
    /// <summary>The methods that look at images.</summary>
    public static IReadOnlyList<string> FromData { get; } =
        ["gaussian", "pca", "zca", "kmeans", "patches", "reference-gaussian", "reference-pca", "reference-kmeans", "reference-patches"];

    /// <summary>Layer-sequential unit variance by its stopping rules: this library's, the paper's, the authors' Caffe script's and PyTorch code's.</summary>
    public static IReadOnlyList<string> Lsuv { get; } = ["lsuv", "lsuv-paper", "lsuv-script", "lsuv-pytorch"];

    /// <summary>The methods that draw weights blindly.</summary>
    public static IReadOnlyList<string> Blind { get; } = ["xavier", "msra", "msra-conv", "orthonormal", "caffe"];

    /// <summary>All.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. FromData, .. Lsuv, .. Blind];

    /// <summary>The between-layer modes.</summary>
    public static IReadOnlyList<string> BetweenNames { get; } = ["scale-layers", "paper", "reference", "none"];

    /// <summary>The filler behind a method that looks at images, or null for a blind one.</summary>
    /// <exception cref="ArgumentException">There is no such method.</exception>
    public static IWeightFiller? Filler(string method, bool within) => method switch
    {
        // Without the within-layer step a unit deviation would drown the net; 0.01 is what nets of that time were started with.
        "gaussian" => new GaussianWeights(within ? 1 : 0.01f),
        "pca" => new PcaWeights(),
        "zca" => new ZcaWeights(),
        "kmeans" => new KMeansWeights(),
        "patches" => new PatchWeights(),
        "reference-gaussian" => new GaussianWeights(),
        "reference-pca" => new RandomBasisWeights(PatchMethod.Pca),
        "reference-kmeans" => new RandomBasisWeights(PatchMethod.KMeans),
        "reference-patches" => new RandomBasisWeights(PatchMethod.Patches),
        _ when Blind.Contains(method) || Lsuv.Contains(method) => null,
        _ => throw new ArgumentException($"no method named {method}; did you mean {NearestName.Of(method, Names)}? There are {string.Join(", ", Names)}"),
    };

    /// <summary>How layers are brought to one rate unless it is said: with scale layers for the methods of data-dependent initialization, else not at all.</summary>
    public static string DefaultBetween(string method) => FromData.Contains(method) ? "scale-layers" : "none";

    /// <summary>Layer-sequential unit variance by a name of <see cref="Lsuv"/>.</summary>
    public static LsuvInit LsuvInit(string method) => method switch
    {
        "lsuv-paper" => Initialization.LsuvInit.Paper,
        "lsuv-script" => Initialization.LsuvInit.Script(),
        "lsuv-pytorch" => Initialization.LsuvInit.PyTorch,
        _ => new LsuvInit(),
    };

    /// <summary>The initialization behind a blind method.</summary>
    /// <exception cref="ArgumentException">The net has no published fills.</exception>
    public static RandomInit BlindInit(string method, Func<string, (float? Deviation, float Bias)>? fills) => method switch
    {
        "xavier" => new XavierInit(),
        "msra" => new MsraInit(),
        "orthonormal" => new OrthonormalInit(),
        "msra-conv" => new MsraConvolutionInit(fills ?? throw new ArgumentException("this net has no published fills for its inner products; use --method msra")),
        _ => new HandTunedInit(fills ?? throw new ArgumentException("this net has no published fills; use --method gaussian, xavier, msra or orthonormal")),
    };

    /// <summary>The rescaler behind a mode, or null for none.</summary>
    /// <exception cref="ArgumentException">There is no such mode.</exception>
    public static IRescaler? Rescaler(string mode, InitOptions options) => mode switch
    {
        "scale-layers" => new ScaleLayerRescaler
        {
            Damping = options.Damping ?? 1,
            Sweeps = options.Sweeps ?? 10,
            Measure = new ChangeRates { Elements = false, Phase = options.Phase },
        },
        "paper" => With(MultiplicativeRescaler.Paper, options),
        "reference" => With(MultiplicativeRescaler.Reference, options),
        "none" => null,
        _ => throw new ArgumentException($"no between-layer mode named {mode}; there are {string.Join(", ", BetweenNames)}"),
    };

    private static MultiplicativeRescaler With(MultiplicativeRescaler rescaler, InitOptions options) => rescaler with
    {
        Damping = options.Damping ?? rescaler.Damping,
        Sweeps = options.Sweeps ?? rescaler.Sweeps,
        Phase = options.Phase,
    };
}
