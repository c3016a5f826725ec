using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>Which layers of a Caffe net take part, by its rules «include» and «exclude», and what its file leaves open.</summary>
public sealed record CaffeState
{
    /// <summary>Whether the net is trained or tested. Nets for use, «deploy», are the same in both.</summary>
    public Phase Phase { get; init; } = Phase.Test;

    /// <summary>The level that rules ask for.</summary>
    public int Level { get; init; }

    /// <summary>The stages that rules ask for.</summary>
    public IReadOnlyList<string> Stages { get; init; } = [];

    /// <summary>Size of the pictures where a data layer does not say it.</summary>
    public Shape? Input { get; init; }
}
