using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>What <c>init</c> did and found.</summary>
internal sealed record InitResult
{
    public required string Net { get; init; }

    public required int Classes { get; init; }

    public required string Method { get; init; }

    public required string Between { get; init; }

    public required bool Within { get; init; }

    /// <summary>The weight file that was rescaled; null where all weights are new.</summary>
    public string? StartedFrom { get; init; }

    public required int Images { get; init; }

    public required int DistinctImages { get; init; }

    public required IReadOnlyList<SkippedResult> Skipped { get; init; }

    public required ulong Seed { get; init; }

    public required string Device { get; init; }

    /// <summary>The whole command, to the moment that this was written.</summary>
    public required double Seconds { get; init; }

    /// <summary>The layers before they were rescaled, where that was asked for and could be measured.</summary>
    public IReadOnlyList<LayerResult>? Before { get; init; }

    /// <summary>Largest over smallest layer rate before.</summary>
    public double? FlatnessBefore { get; init; }

    public required IReadOnlyList<LayerResult> Layers { get; init; }

    /// <summary>What layer-sequential unit variance did to each layer; null for other methods.</summary>
    public IReadOnlyList<VarianceResult>? Variances { get; init; }

    /// <summary>Largest over smallest layer rate.</summary>
    public required double Flatness { get; init; }

    /// <summary>Largest relative change of an output by the between-layer step.</summary>
    public required double FunctionChange { get; init; }

    public required IReadOnlyList<FallbackResult> Fallbacks { get; init; }

    public required IReadOnlyList<TimingResult> Timings { get; init; }

    public required long PeakBytes { get; init; }

    public string? WeightsFile { get; init; }

    public string? Report { get; init; }
}

/// <summary>One affine layer.</summary>
/// <param name="Weights">How its weights were made; null where that is not known.</param>
internal sealed record LayerResult(
    string Name, double Rate, double RateCv, double OutputMean, double OutputStd, double ElementRate, double ElementRateCv, double RmsRate, string? Weights)
{
    public static LayerResult Of(LayerRate r, string? weights = null) =>
        new(r.Name, r.Rate, r.RateCv, r.OutputMean, r.OutputStd, r.ElementRate, r.ElementRateCv, r.RootMeanSquareRate, weights);
}

/// <summary>Something done otherwise than asked.</summary>
internal sealed record FallbackResult(string Layer, string Kind, string Message);

/// <summary>A picture that was not used.</summary>
internal sealed record SkippedResult(string Path, string Reason);

/// <summary>A step of the command.</summary>
internal sealed record TimingResult(string Name, double Seconds);

/// <summary>A layer's output variance before and after <c>lsuv</c>, and how often its weights were rescaled.</summary>
internal sealed record VarianceResult(string Name, double Before, double After, int Updates);
