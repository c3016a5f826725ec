namespace EvenNet.Framework;

/// <summary>Training (dropout draws masks, batch normalization takes its batch's statistics and gathers them) or testing.</summary>
public enum Phase
{
    /// <summary>Dropout is active; batch normalization is by the batch.</summary>
    Train,

    /// <summary>Dropout is the identity; batch normalization is by what was gathered.</summary>
    Test,
}

/// <summary>
/// The work of one place in a plan, bound to its tensors. <see cref="Forward"/> and <see cref="Backward()"/> only enqueue work: they do not
/// allocate, wait, read results on the host, or vary what they launch (the phase aside).
/// Backward adds to parameter gradients; it writes an input's gradient, or adds where the bindings say so, and skips one that is null.
/// It may destroy the output's gradient and never touches values. Forward changes no parameter but what batch normalization gathers in training.
/// </summary>
public abstract class Kernel : IDisposable
{
    /// <summary>Computes the output from the inputs.</summary>
    public abstract void Forward(Phase phase);

    /// <summary>Computes the inputs' and the parameters' gradients from the output's gradient, for the last forward pass.</summary>
    public abstract void Backward();

    /// <summary>
    /// Says which training pass comes next, counted from 0. What a layer draws at random is keyed by it, so that a pass can be made again and a run
    /// resumed; without this call each training pass is one more.
    /// </summary>
    public virtual void BeginPass(uint pass) { }

    /// <summary>The weight that <see cref="Backward(in SgdUpdate)"/> can update; null where that call is not there.</summary>
    public virtual Parameter? Updates => null;

    /// <summary>
    /// <see cref="Backward()"/> with the solver's update of <see cref="Updates"/> in the same pass over memory: the weight's gradient is used
    /// where it arises, and its memory neither read nor written.
    /// </summary>
    public virtual void Backward(in SgdUpdate update) => throw new NotSupportedException($"{GetType().Name} leaves the update to the solver");

    /// <summary>Frees what the kernel holds beside its bindings.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the kernel holds beside its bindings.</summary>
    protected virtual void Dispose(bool disposing) { }
}
