namespace EvenNet.Framework;

/// <summary>What a plan is for. The defaults train.</summary>
public sealed record NetOptions
{
    /// <summary>Plan a backward pass.</summary>
    public bool Backward { get; init; } = true;

    /// <summary>Fold a rectifier into the affine layer below it. Without, every value exists: what the initializers use.</summary>
    public bool Fuse { get; init; } = true;

    /// <summary>The nodes to compute; the graph's outputs by default. A plan may stop anywhere: with the scores it plans no loss.</summary>
    public IReadOnlyList<Node>? Outputs { get; init; }

    /// <summary>Values that stay readable to the end of a pass, not only right after their node ran.</summary>
    public IReadOnlyList<Node> Observe { get; init; } = [];

    /// <summary>Lay values and gradients whose lives do not overlap in one place. Without, each has memory of its own: for finding faults,
    /// and for several backward passes after one forward pass.</summary>
    public bool ShareMemory { get; init; } = true;

    /// <summary>Compute the gradients of the input nodes too.</summary>
    public bool InputGradients { get; init; }

    /// <summary>Nodes whose parameters' gradients the backward pass adds up; all by default.</summary>
    public Func<Node, bool> ParameterGradients { get; init; } = static _ => true;

    /// <summary>Time every step: <see cref="Net.Times"/>. On a device that works on its own each step is then waited for.</summary>
    public bool Times { get; init; }

    /// <summary>
    /// Batch normalization takes its batch's mean and variance in both phases, and leaves the running ones as they are: for measuring, and for
    /// initialization, when nothing has been gathered yet.
    /// </summary>
    public bool BatchStatistics { get; init; }

    /// <summary>Sees the errors of affine layers in backward passes from the losses.</summary>
    public IBackwardWatcher? Watcher { get; init; }

    /// <summary>Seed of the dropout masks.</summary>
    public ulong Seed { get; init; } = 1;
}
