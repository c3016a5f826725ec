using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Fills one affine layer's weights from what the layer sees. Scale and bias are not its business: the within-layer step sets both.</summary>
public interface IWeightFiller
{
    /// <summary>«kmeans»: the method's name in reports.</summary>
    string Name { get; }

    /// <summary>Sets <see cref="WeightRequest.Weights"/>, and returns the name of the method that was really used.</summary>
    string Fill(WeightRequest request);
}

/// <summary>One affine layer that wants weights.</summary>
public sealed class WeightRequest
{
    /// <summary>The layer.</summary>
    public required Node Node { get; init; }

    /// <summary>What its units see.</summary>
    public required Patches Patches { get; init; }

    /// <summary>outputs × fan-in, row by row; the outputs of a group lie together.</summary>
    public required float[] Weights { get; init; }

    /// <summary>A generator for one of the needs of one of the layer's groups.</summary>
    public required Func<RandomPurpose, int, RandomSource> Random { get; init; }

    /// <summary>Products and memory.</summary>
    public required Backend Backend { get; init; }

    /// <summary>Runs the layer with some weights and no bias on all samples, and returns its answers, which the next call overwrites.</summary>
    public required Func<float[], Tensor> Answer { get; init; }

    /// <summary>Where to say that something was done otherwise than asked.</summary>
    public required Action<InitNote> Note { get; init; }

    /// <summary>Stops long work.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The backend's product for the numerical methods.</summary>
    internal Arithmetic Arithmetic => new(Backend);

    /// <summary>Outputs of one group.</summary>
    public int OutputsPerGroup => Node.Shape.Channels / Patches.Groups;

    /// <summary>The weights of one group: outputs per group × fan-in.</summary>
    public Span<float> GroupWeights(int group) => Weights.AsSpan(group * OutputsPerGroup * Patches.Dimensions, OutputsPerGroup * Patches.Dimensions);
}
