using System.Diagnostics;

namespace EvenNet.Framework;

/// <summary>
/// The training loop: batches from a loader, forward, backward, the solver's step. It begins at the solver's iteration and its own
/// <see cref="Position"/>, and what it computes depends on these, the parameters, the data and the seeds alone.
/// </summary>
public sealed class Trainer : ITrainer
{
    private readonly Node images, labels;
    private readonly RecordedStep recorded;
    private readonly List<LaterLoss> unread = [];

    /// <summary>A loop over a net with losses.</summary>
    /// <exception cref="ArgumentException">The parts do not fit one another.</exception>
    public Trainer(Net net, Solver solver, DataLoader data)
    {
        (Net, Solver, Data) = (net, solver, data);
        if (!solver.Parameters.IsSame(net.Parameters)) throw new ArgumentException("the solver changes other parameters than the net's", nameof(solver));
        if (data.Augmentation.Views != 1) throw new ArgumentException($"training takes one view of a picture, the augmentation makes {data.Augmentation.Views}", nameof(data));
        if (data.Options.Batch != net.Batch) throw new ArgumentException($"the loader's batch is {data.Options.Batch}, the net's {net.Batch}", nameof(data));
        (images, labels) = NetInputs.Find(net, data);
        recorded = RecordedStep.Of(net, solver);
    }

    /// <summary>The planned net.</summary>
    public Net Net { get; }

    /// <summary>Changes the parameters.</summary>
    public Solver Solver { get; }

    /// <inheritdoc/>
    public int Samples => Data.Dataset.Count;

    /// <inheritdoc/>
    public string DataName => $"{Data.Dataset.Name} {Data.Dataset.Split}";

    /// <summary>Why the device is not given each step as one; null where it is.</summary>
    public string? RecordingObstacle => recorded.Obstacle;

    /// <summary>Where batches come from.</summary>
    public DataLoader Data { get; }

    /// <summary>The first sample that no step has seen. Set it to go on where another run stopped.</summary>
    public DataPosition Position { get; set; }

    /// <summary>Takes steps until so many are taken in all, and yields after each. Decoding threads run while the result is enumerated.</summary>
    /// <exception cref="DivergenceException">The loss is not finite. The parameters are those that gave it.</exception>
    /// <exception cref="ImageFormatException">A picture could not be used.</exception>
    public IEnumerable<TrainingStep> Steps(int iterations)
    {
        ReadLosses();
        if (Solver.Iteration >= iterations) yield break;
        using IEnumerator<LabelledBatch> batches = Data.Batches(Position).GetEnumerator();
        while (Solver.Iteration < iterations) yield return recorded.IsDeferred ? LaterStep(batches) : Step(batches);
        ReadLosses();
    }

    /// <summary>Reads the losses of all steps that were given to the device; waits for it where there are such.</summary>
    /// <exception cref="DivergenceException">One is not finite: solver, parameters and position are those of its step.</exception>
    public void ReadLosses()
    {
        if (unread.Count == 0) return;
        LaterLoss[] steps = [.. unread];
        unread.Clear();
        var losses = new double[recorded.Runs - steps[0].FirstRun];
        recorded.ReadLosses(steps[0].FirstRun, losses);
        foreach (LaterLoss step in steps)
        {
            double sum = 0;
            for (int pass = 0; pass < step.Positions.Length; pass++)
            {
                double own = losses[step.FirstRun - steps[0].FirstRun + pass];
                if (!double.IsFinite(own)) throw Explain(step, pass, own);
                sum += own / step.Positions.Length;
            }
            step.Set(sum);
        }
    }

    // The device has changed no parameter since; the batch is loaded once more.
    private DivergenceException Explain(LaterLoss step, int pass, double loss)
    {
        (Solver.Iteration, Position) = (step.Iteration, step.Positions[0]);
        recorded.Resume();
        Net.Parameters.ClearGradients();
        var again = new DataLoader(Data.Dataset, Data.Augmentation, Data.Options with { Prefetch = 0 });
        return NonFinite.Explain(this, again.Batches(step.Positions[pass]).First(), pass, loss);
    }

    // A step that the device is given and nobody waits for.
    private TrainingStep LaterStep(IEnumerator<LabelledBatch> batches)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan waited = Data.Waited;
        int passes = Solver.Accumulate, iteration = Solver.Iteration, count = 0;
        if (unread.Sum(l => l.Positions.Length) + passes > RecordedStep.Kept) ReadLosses();
        double rate = Solver.CurrentRate;
        var loss = new LaterLoss(ReadLosses) { Iteration = iteration, FirstRun = recorded.Runs, Positions = new DataPosition[passes] };
        DataPosition next = Position;
        for (int pass = 0; pass < passes; pass++)
        {
            if (!batches.MoveNext()) throw NoMoreData();
            LabelledBatch batch = batches.Current;
            loss.Positions[pass] = next;
            Net.Load(images, batch.Images);
            Net.Load(labels, batch.Labels);
            Net.BeginPass((long)iteration * passes + pass);
            recorded.Run(updates: pass == passes - 1);
            count += batch.Count;
            next = batch.Next;
        }
        unread.Add(loss);
        Position = next;
        return new TrainingStep(Solver.Iteration, double.NaN, rate, count, Stopwatch.GetElapsedTime(start).TotalSeconds, (Data.Waited - waited).TotalSeconds) { Later = loss };
    }

    private InvalidOperationException NoMoreData() => new($"the data end after {Data.Options.Epochs} epochs, training needs a loader without an end");

    private TrainingStep Step(IEnumerator<LabelledBatch> batches)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan waited = Data.Waited;
        double rate = Solver.CurrentRate, loss = 0;
        int passes = Solver.Accumulate, count = 0;
        DataPosition next = Position;
        for (int pass = 0; pass < passes; pass++)
        {
            if (!batches.MoveNext()) throw NoMoreData();
            LabelledBatch batch = batches.Current;
            Net.Load(images, batch.Images);
            Net.Load(labels, batch.Labels);
            Net.BeginPass((long)Solver.Iteration * passes + pass);
            Net.Forward();
            double own = Net.Loss;
            if (!double.IsFinite(own)) throw NonFinite.Explain(this, batch, pass, own);
            loss += own / passes;
            count += batch.Count;
            next = batch.Next;
            if (pass < passes - 1) Net.Backward();
        }
        if (passes > 1)
        {
            Net.Backward();
            Solver.Step();
        }
        else
        {
            Solver.Step(Net);
        }
        Position = next;
        return new TrainingStep(Solver.Iteration, loss, rate, count, Stopwatch.GetElapsedTime(start).TotalSeconds, (Data.Waited - waited).TotalSeconds);
    }
}
