namespace EvenNet.Framework;

/// <summary>
/// A training step of a net and a solver: forward, backward and update. Where the backend records, the first step is given kernel by kernel and taken down
/// the second time; from then on it is given as one. Nothing in a step allocates, waits for the device or reads from it: the loss is read later, and after
/// one that is not finite no update changes anything until <see cref="Resume"/>. What a step reads that changes from step to step (inputs, dropout's count,
/// learning rates) lies in the device's memory. Freed with the net.
/// </summary>
public sealed class RecordedStep : IDisposable
{
    // Losses that wait to be read at the most.
    private const int Slots = 64;

    private readonly Net net;
    private readonly Solver solver;
    private readonly Recorded[] recorded = [new(), new()];      // without and with the update
    private SolverUpdate? update;
    private Storage? history;
    private long steps;

    private RecordedStep(Net net, Solver solver)
    {
        (this.net, this.solver) = (net, solver);
        Obstacle = Find();
        IsDeferred = Obstacle is null;
        if (IsDeferred) net.Own(this);
    }

    /// <summary>The step of a net and a solver, which belongs to the net. Looks at what stands in the way; gives no step to the device.</summary>
    public static RecordedStep Of(Net net, Solver solver) => new(net, solver);

    /// <summary>Why steps are not recorded: «a watcher looks at the errors»; null where they are.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>Whether <see cref="Run"/> works: steps need nothing of the host. They may be given kernel by kernel all the same, where <see cref="Obstacle"/> says so.</summary>
    public bool IsDeferred { get; }

    /// <summary>Whether the last step was given as one.</summary>
    public bool WasReplayed { get; private set; }

    /// <summary>Number of the next run, and how many runs' losses can be read: those from <see cref="Runs"/> − 64 on.</summary>
    public long Runs => steps;

    /// <summary>Losses that are kept.</summary>
    public static int Kept => Slots;

    /// <summary>Gives a forward and a backward pass to the device, and the solver's update after the last pass of a step; returns at once.</summary>
    /// <param name="updates">Whether this is the last of <see cref="Solver.Accumulate"/> passes.</param>
    public void Run(bool updates = true)
    {
        if (!IsDeferred) throw new InvalidOperationException($"steps of {net.Backend.Name} are made one part after the other: {Obstacle}");
        Prepare();
        if (updates) solver.Set(update!, 1.0 / solver.Accumulate);
        Recorded pass = recorded[updates ? 1 : 0];
        if (pass.Recording is null && pass.IsWarm && Obstacle is null) Record(pass, updates);
        WasReplayed = pass.Recording is not null;
        if (pass.Recording is { } recording)
        {
            recording.Replay();
            if (!pass.IsNew)
            {
                net.PassReplayed();
                foreach ((Parameter parameter, int times) in pass.Changed)
                    for (int i = 0; i < times; i++) parameter.MarkChanged();
            }
            pass.IsNew = false;
        }
        else
        {
            Enqueue(updates);
            pass.IsWarm = true;
        }
        net.Parameters.HoldsGradients = !updates;
        if (updates) solver.Iteration++;
        KeepLoss();
        steps++;
    }

    /// <summary>The losses of some runs, each the sum over the net's losses; waits for the device.</summary>
    /// <param name="first">A run's number, <see cref="Runs"/> before it.</param>
    /// <param name="losses">As many as there are from it on.</param>
    public void ReadLosses(long first, Span<double> losses)
    {
        if (first < 0 || first + losses.Length > steps || first < steps - Slots) throw new ArgumentOutOfRangeException(nameof(first), $"the losses of runs {Math.Max(0, steps - Slots)} to {steps - 1} can be read, not those of {first} to {first + losses.Length - 1}");
        if (losses.Length == 0) return;
        float[] all = new float[history!.Count];
        history.Read(0, all);
        for (int i = 0; i < losses.Length; i++)
        {
            int at = (int)((first + i) % Slots) * LossCount;
            double sum = 0;
            foreach (Node node in net.Losses)
            {
                int count = (int)net[node].Count;
                double own = 0;
                foreach (float value in all.AsSpan(at, count)) own += value;
                sum += own;
                at += count;
            }
            losses[i] = sum;
        }
    }

    /// <summary>After a loss that was not finite: lets updates change parameters again.</summary>
    public void Resume() => update?.Fused.Resume();

    /// <summary>Frees what was recorded; the net, the solver and their parameters stay.</summary>
    public void Dispose()
    {
        Forget();
        update?.Dispose();
        history?.Dispose();
        (update, history) = (null, null);
    }

    private int LossCount => net.Losses.Sum(n => (int)net[n].Count);

    private string? Find() =>
        !net.Backend.Records ? $"{net.Backend.Name} does its work as it is given, or is told to wait for each part of it"
        : net.Losses.Count == 0 || !net.Options.Backward ? "the plan has no loss, or no backward pass"
        : net.Options.Times ? "each part of a step is timed"
        : net.Options.Watcher is not null ? "a watcher looks at the errors of each step"
        : solver.Regularizer is not null ? "the regularizer reads the weights"
        : solver.ClipNorm > 0 ? "clipping reads the norm of the gradients"
        : !solver.UpdatesTogether ? $"{net.Backend.Name} updates one parameter after the other"
        : null;

    private void Prepare()
    {
        history ??= net.Backend.Allocate((long)Slots * LossCount);
        if (update?.Fits(net.Parameters) == true) return;
        // Other parameters learn than before.
        Forget();
        update?.Dispose();
        update = solver.Fuse([.. net.Losses.Select(n => net[n].Region)]);
    }

    private void Enqueue(bool updates)
    {
        net.Forward();
        update!.Fused.Check();
        net.Backward();
        if (!updates) return;
        update.Fused.Run();
        foreach (Parameter p in update.Learning) p.MarkChanged();
    }

    private void Record(Recorded pass, bool updates)
    {
        int[] before = [.. net.Parameters.All.Select(p => p.Version)];
        try
        {
            pass.Recording = net.Backend.Record(() => Enqueue(updates));
        }
        catch (BackendException error)
        {
            // Whoever failed says so again where it is not for the recording alone.
            Obstacle = error.Message;
            net.Uncounted();
            return;
        }
        pass.Changed = [.. net.Parameters.All.Select((p, i) => (p, p.Version - before[i])).Where(c => c.Item2 > 0)];
        pass.IsNew = true;
    }

    private void KeepLoss()
    {
        long at = steps % Slots * LossCount;
        foreach (Node node in net.Losses)
        {
            Region from = net[node].Region;
            from.Storage.Copy(from.Offset, history!, at, net[node].Count);
            at += net[node].Count;
        }
    }

    private void Forget()
    {
        foreach (Recorded pass in recorded) pass.Forget();
    }

    // What was taken down of one kind of pass.
    private sealed class Recorded
    {
        public Recording? Recording { get; set; }

        // Whether it was run kernel by kernel before, so that all that is made once is there.
        public bool IsWarm { get; set; }

        // Whether the host has made, while recording, what it makes of a run, and the device has not run it yet.
        public bool IsNew { get; set; }

        public (Parameter Parameter, int Times)[] Changed { get; set; } = [];

        public void Forget()
        {
            Recording?.Dispose();
            (Recording, IsWarm) = (null, false);
        }
    }
}
