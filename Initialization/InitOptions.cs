using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>What to initialize and how. The defaults are the paper's k-means with scale layers.</summary>
public sealed record InitOptions
{
    /// <summary>A name of <see cref="InitMethods.Names"/>.</summary>
    public string Method { get; init; } = "kmeans";

    /// <summary>«scale-layers», «paper», «reference», «none»; by default scale layers for methods that look at images and none for the others.</summary>
    public string? Between { get; init; }

    /// <summary>With the methods of <see cref="InitMethods.Lsuv"/>: the blind method whose weights are brought to unit variance.</summary>
    public string Start { get; init; } = "orthonormal";

    /// <summary>Normalise within layers.</summary>
    public bool Within { get; init; } = true;

    /// <summary>β: mean that every channel gets.</summary>
    public float Bias { get; init; } = 0.1f;

    /// <summary>Set the classifiers' weights and biases to zero at the end (paper, §4.5).</summary>
    public bool ZeroClassifier { get; init; }

    /// <summary>Leave what is there: only layers whose weights are all zero are initialized, then all are rescaled.</summary>
    public bool KeepExisting { get; init; }

    /// <summary>Dropout active while statistics are taken, as in the paper's program.</summary>
    public Phase Phase { get; init; } = Phase.Test;

    /// <summary>α of the between-layer step; each mode's own by default.</summary>
    public double? Damping { get; init; }

    /// <summary>Most sweeps of the between-layer step; each mode's own by default.</summary>
    public int? Sweeps { get; init; }

    /// <summary>The net's published fills, for the method «caffe».</summary>
    public Func<string, (float? Deviation, float Bias)>? Fills { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Measure single weights too.</summary>
    public bool Elements { get; init; } = true;
}
