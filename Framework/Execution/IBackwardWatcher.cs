namespace EvenNet.Framework;

/// <summary>
/// Sees, and may change, the errors that arrive at affine layers' outputs in a net's own backward pass (<see cref="Net.Backward()"/> and
/// <see cref="Solver.Step(Net)"/>): <see cref="NetOptions.Watcher"/>. The plan should not fuse, or an error is that behind the rectifier.
/// </summary>
public interface IBackwardWatcher
{
    /// <summary>A pass begins.</summary>
    void Begin();

    /// <summary>A layer's error is complete: ∂ℓ/∂output, and its own backward step comes next. From the top of the net down.</summary>
    void Arrived(Node node, Tensor error);
}
