using System.Diagnostics;

namespace EvenNet.Framework;

/// <summary>
/// The training loop: batches from a loader, forward, backward, the solver's step. It begins at the solver's iteration and its own
/// <see cref="Position"/>, and what it computes depends on these, the parameters, the data and the seeds alone.
/// </summary>
public sealed class Trainer : ITrainer
{
    private readonly Node images, labels;

    /// <summary>A loop over a net with losses.</summary>
    /// <exception cref="ArgumentException">The parts do not fit one another.</exception>
    public Trainer(Net net, Solver solver, DataLoader data)
    {
        (Net, Solver, Data) = (net, solver, data);
        if (!solver.Parameters.IsSame(net.Parameters)) throw new ArgumentException("the solver changes other parameters than the net's", nameof(solver));
        if (data.Augmentation.Views != 1) throw new ArgumentException($"training takes one view of a picture, the augmentation makes {data.Augmentation.Views}", nameof(data));
        if (data.Options.Batch != net.Batch) throw new ArgumentException($"the loader's batch is {data.Options.Batch}, the net's {net.Batch}", nameof(data));
        (images, labels) = NetInputs.Find(net, data);
    }

    /// <summary>The planned net.</summary>
    public Net Net { get; }

    /// <summary>Changes the parameters.</summary>
    public Solver Solver { get; }

    /// <inheritdoc/>
    public int Samples => Data.Dataset.Count;

    /// <inheritdoc/>
    public string DataName => $"{Data.Dataset.Name} {Data.Dataset.Split}";

    /// <summary>Where batches come from.</summary>
    public DataLoader Data { get; }

    /// <summary>The first sample that no step has seen. Set it to go on where another run stopped.</summary>
    public DataPosition Position { get; set; }

    /// <summary>Takes steps until so many are taken in all, and yields after each. Decoding threads run while the result is enumerated.</summary>
    /// <exception cref="DivergenceException">The loss is not finite. The parameters are those that gave it.</exception>
    /// <exception cref="ImageFormatException">A picture could not be used.</exception>
    public IEnumerable<TrainingStep> Steps(int iterations)
    {
        if (Solver.Iteration >= iterations) yield break;
        using IEnumerator<LabelledBatch> batches = Data.Batches(Position).GetEnumerator();
        while (Solver.Iteration < iterations) yield return Step(batches);
    }

    private TrainingStep Step(IEnumerator<LabelledBatch> batches)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan waited = Data.Waited;
        double rate = Solver.CurrentRate, loss = 0;
        int passes = Solver.Accumulate, count = 0;
        DataPosition next = Position;
        for (int pass = 0; pass < passes; pass++)
        {
            if (!batches.MoveNext()) throw new InvalidOperationException($"the data end after {Data.Options.Epochs} epochs, training needs a loader without an end");
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
