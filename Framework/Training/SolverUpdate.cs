namespace EvenNet.Framework;

/// <summary>The update of all parameters of a solver as one, where the backend makes them so.</summary>
internal abstract class SolverUpdate(IReadOnlyList<Parameter> learning, FusedUpdate fused) : IDisposable
{
    private readonly HashSet<Parameter> parameters = [.. learning];

    /// <summary>What makes them.</summary>
    public FusedUpdate Fused => fused;

    /// <summary>Those that are changed; of the others only the gradients are cleared.</summary>
    public IReadOnlyList<Parameter> Learning => learning;

    /// <summary>Whether the same parameters learn as when it was made.</summary>
    public bool Fits(ParameterSet all)
    {
        for (int i = 0; i < all.All.Count; i++)
            if (all.All[i].LearningRate != 0 != parameters.Contains(all.All[i])) return false;
        return true;
    }

    /// <summary>Sets the numbers of the coming step.</summary>
    /// <param name="rate">The learning rate.</param>
    /// <param name="gradientScale">Clipping times 1 / accumulated passes.</param>
    /// <param name="decay">The weight decay of each parameter, its multiplier included.</param>
    public abstract void Set(double rate, float gradientScale, Func<Parameter, float> decay);

    public void Dispose() => fused.Dispose();
}

/// <summary>Makes one parameter's update of a learning rate, a gradients' scale and a decay, multipliers included in the first and the last.</summary>
internal delegate TUpdate UpdateOf<TUpdate>(Parameter parameter, double rate, float gradientScale, float decay);

/// <inheritdoc/>
internal sealed class SolverUpdate<TUpdate> : SolverUpdate where TUpdate : struct
{
    private readonly FusedUpdate<TUpdate> fused;
    private readonly UpdateOf<TUpdate> update;
    private readonly TUpdate[] updates;

    private SolverUpdate(IReadOnlyList<Parameter> learning, UpdateOf<TUpdate> update, TUpdate[] updates, FusedUpdate<TUpdate> fused) : base(learning, fused) =>
        (this.update, this.updates, this.fused) = (update, updates, fused);

    public static SolverUpdate<TUpdate>? Of(IReadOnlyList<Parameter> learning, UpdateOf<TUpdate> update, Func<TUpdate[], FusedUpdate<TUpdate>?> fuse)
    {
        TUpdate[] updates = [.. learning.Select(p => update(p, 0, 0, 0))];
        return fuse(updates) is { } fused ? new(learning, update, updates, fused) : null;
    }

    public override void Set(double rate, float gradientScale, Func<Parameter, float> decay)
    {
        for (int i = 0; i < updates.Length; i++) updates[i] = update(Learning[i], rate * Learning[i].LearningRate, gradientScale, decay(Learning[i]));
        fused.Set(updates);
    }
}
