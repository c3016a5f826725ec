using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// The training loop of Fast R-CNN: a few pictures a step, regions of each, both losses together. While a step is computed the next one's pictures are
/// decoded. What it computes depends on the parameters, the solver, the loader and the position alone.
/// </summary>
public sealed class DetectionTrainer : ITrainer, IDisposable
{
    private readonly DetectorPlans plans;
    private readonly DetectionLoader data;

    /// <summary>A loop.</summary>
    /// <param name="parameters">Of any of the net's graphs.</param>
    /// <param name="net">What is trained.</param>
    /// <param name="solver">Changes the parameters.</param>
    /// <param name="data">What is learned from.</param>
    public DetectionTrainer(ParameterSet parameters, DetectorNet net, Solver solver, DetectionLoader data)
    {
        (Solver, this.data) = (solver, data);
        plans = new DetectorPlans(parameters, net, data.Options.Pictures, data.Options.Regions, graph => new NetOptions { Seed = data.Options.Seed, Outputs = graph.Losses });
    }

    /// <inheritdoc/>
    public Solver Solver { get; }

    /// <inheritdoc/>
    public DataPosition Position { get; set; }

    /// <inheritdoc/>
    public int Samples => data.Set.Count;

    /// <inheritdoc/>
    public string DataName => $"{data.Set.Data.Name} {data.Set.Data.Split}";

    /// <summary>The shares of the losses of classes and of boxes in the last step's loss.</summary>
    public (double Classes, double Boxes) LastLosses { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<TrainingStep> Steps(int iterations)
    {
        if (Solver.Iteration >= iterations) yield break;
        DataPosition first = Position;
        Task<DetectionBatch> next = Task.Run(() => data.At(first));
        try
        {
            while (Solver.Iteration < iterations)
            {
                long start = Stopwatch.GetTimestamp();
                double rate = Solver.CurrentRate, loss = 0, waited = 0;
                int passes = Solver.Accumulate, count = 0;
                DataPosition after = Position;
                for (int pass = 0; pass < passes; pass++)
                {
                    long waiting = Stopwatch.GetTimestamp();
                    DetectionBatch batch = next.GetAwaiter().GetResult();
                    waited += Stopwatch.GetElapsedTime(waiting).TotalSeconds;
                    if (Solver.Iteration + 1 < iterations || pass + 1 < passes) next = Task.Run(() => data.At(batch.Next));
                    loss += Pass(batch, (long)Solver.Iteration * passes + pass, isLast: pass == passes - 1) / passes;
                    count += batch.Count;
                    after = batch.Next;
                }
                Position = after;
                yield return new TrainingStep(Solver.Iteration, loss, rate, count, Stopwatch.GetElapsedTime(start).TotalSeconds, waited);
            }
        }
        finally
        {
            // Whoever stops here may close the files that it reads.
            ((IAsyncResult)next).AsyncWaitHandle.WaitOne();
        }
    }

    /// <summary>Frees the plans.</summary>
    public void Dispose() => plans.Dispose();

    private double Pass(DetectionBatch batch, long number, bool isLast)
    {
        (DetectorGraph graph, Net net) = plans.For(batch.Canvas);
        net.Load(graph.Pictures, batch.Pictures);
        net.Load(graph.Regions, batch.Regions);
        net.Load(graph.Labels, batch.Labels);
        net.Load(graph.Targets, batch.Targets);
        net.Load(graph.Inside, batch.Inside);
        net.Load(graph.Outside, batch.Outside);
        net.BeginPass(number);
        net.Forward();
        LastLosses = (net[graph.Losses[0]].ReadExact().Sum(), net[graph.Losses[1]].ReadExact().Sum());
        double loss = LastLosses.Classes + LastLosses.Boxes;
        if (!double.IsFinite(loss)) throw DivergenceException.OfLoss(Solver, loss);
        if (!isLast)
        {
            net.Backward();
        }
        else if (Solver.Accumulate > 1)
        {
            net.Backward();
            Solver.Step();
        }
        else
        {
            Solver.Step(net);
        }
        return loss;
    }
}
