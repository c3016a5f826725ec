using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>One net at one batch size: scores in testing, then training steps, then what the machine can do at the most.</summary>
internal sealed class NetBench(NetInfo info, int batch, Backend backend, int repetitions, double limitSeconds, IProgress<InitProgress> progress, CancellationToken cancellation)
{
    private const ulong Seed = 1;

    private const float Rate = 1e-4f, Momentum = 0.9f, Decay = 5e-4f;

    private static readonly TimeSpan LimitTime = TimeSpan.FromSeconds(0.5);

    public BenchNetResult Run()
    {
        ProcessMemory.ResetPeak();
        Graph graph = info.TrainingGraph();
        Affordable.RequireTraining(graph, backend, batch);
        Report("weights", 0);
        using var parameters = new ParameterSet(graph, backend);
        BenchData.FillWeights(parameters, Seed);

        (Repetitions forward, double forwardOperations) = MeasureForward(parameters);
        long forwardPeak = ProcessMemory.PeakBytes;
        ProcessMemory.ResetPeak();
        Training training = MeasureTraining(parameters);
        // A plan that is timed kernel by kernel is not given to the device as one.
        if (backend.Records && MeasureRecorded(parameters) is { } recorded) training = training with { Steps = recorded };
        long trainingPeak = ProcessMemory.PeakBytes;

        Report("the machine's limits", 0.99);
        BackendLimits? limits = backend.MeasureLimits(LimitTime);
        long valueBytes = parameters.ValueStorage.Bytes / parameters.ValueStorage.Count;
        return new BenchNetResult(
            info.Name, batch, backend.Parallelism, backend.Description, graph.ParameterCount,
            BenchPass.Of(forward, batch, forwardOperations, limits, forwardPeak),
            BenchPass.Of(training.Steps, batch, training.Operations, limits, trainingPeak),
            trainingPeak, valueBytes * training.PlanCount, 3 * parameters.ValueStorage.Bytes, BenchLimits.Of(limits, backend.Parallelism), training.Layers(limits));
    }

    private (Repetitions, double Operations) MeasureForward(ParameterSet parameters)
    {
        Graph graph = parameters.Graph;
        Node scores = graph.Outputs[^1].Inputs[0];
        using var net = new Net(parameters, batch, new() { Backward = false, Outputs = [scores] });
        net.Load(graph["data"], BenchData.Noise((long)batch * graph["data"].Shape.Count, Seed));
        using var clock = new WorkClock(backend);
        Repetitions measured = Repetitions.Of(() => clock.Seconds(() => net.Forward(Phase.Test)), repetitions, limitSeconds, done => Report("forward", 0.4 * done / repetitions), cancellation);
        return (measured, 2.0 * batch * Graph.Of(scores).MultiplyAdds);
    }

    private Training MeasureTraining(ParameterSet parameters)
    {
        Graph graph = parameters.Graph;
        using var net = new Net(parameters, batch, new() { Times = true });
        using var solver = new SgdSolver(parameters) { Rate = Rate, Momentum = Momentum, Decay = Decay };
        net.Load(graph["data"], BenchData.Noise((long)batch * graph["data"].Shape.Count, Seed));
        net.Load(graph["label"], BenchData.Labels(batch, info.Classes, Seed));
        var layers = new List<IReadOnlyList<StepTime>>();
        using var clock = new WorkClock(backend);
        void Step()
        {
            net.Forward();
            solver.Step(net);
        }
        Repetitions steps = Repetitions.Of(() => clock.Seconds(Step), repetitions, limitSeconds, done =>
        {
            layers.Add(net.Times);
            Report("training step", 0.4 + 0.59 * done / repetitions);
        }, cancellation);
        if (!double.IsFinite(net.Loss)) throw new ToolException(ExitCode.Diverged, $"the loss of {info.Name} is {net.Loss}: a kernel computes something else than it should");
        return new Training(steps, layers, net.Report.ArenaCount + net.Report.ScratchCount);
    }

    private Repetitions? MeasureRecorded(ParameterSet parameters)
    {
        Graph graph = parameters.Graph;
        using var net = new Net(parameters, batch);
        using var solver = new SgdSolver(parameters) { Rate = Rate, Momentum = Momentum, Decay = Decay };
        net.Load(graph["data"], BenchData.Noise((long)batch * graph["data"].Shape.Count, Seed));
        net.Load(graph["label"], BenchData.Labels(batch, info.Classes, Seed));
        RecordedStep step = RecordedStep.Of(net, solver);
        using var clock = new WorkClock(backend);
        if (!step.IsDeferred) return null;
        return Repetitions.Of(() => clock.Seconds(() => step.Run()), repetitions, limitSeconds, _ => Report("training step, recorded", 0.98), cancellation);
    }

    private void Report(string what, double fraction) => progress.Report(new InitProgress("measuring", $"{info.Name}, batch {batch}: {what}", fraction));

    // What training steps took in all and kernel by kernel: one list of times for each repetition.
    private sealed record Training(Repetitions Steps, List<IReadOnlyList<StepTime>> Times, long PlanCount)
    {
        public double Operations => 2.0 * Times[0].Sum(t => t.Forward.MultiplyAdds + t.Backward.MultiplyAdds);

        public IReadOnlyList<BenchLayer> Layers(BackendLimits? limits)
        {
            double Seconds(int step, Func<StepTime, PassTime> pass) => Repetitions.MedianOf(Times.Select(t => pass(t[step]).Seconds));
            var lines = new List<(string Name, string Kernel, string Pass, double Seconds, PassTime Work)>();
            IReadOnlyList<StepTime> steps = Times[0];
            for (int i = 0; i < steps.Count; i++) lines.Add((steps[i].Node, steps[i].Kernel, "forward", Seconds(i, t => t.Forward), steps[i].Forward));
            for (int i = steps.Count - 1; i >= 0; i--)
                if (steps[i].Backward.Bytes > 0) lines.Add((steps[i].Node, steps[i].Kernel, "backward", Seconds(i, t => t.Backward), steps[i].Backward));
            // One line for what the solver updates after the kernels; they do some of it themselves.
            lines.Add(("update", "sgd", "update", Repetitions.MedianOf(Times.Select(t => t.Sum(s => s.Update.Seconds))), new PassTime(0, 0, 0, steps.Sum(s => s.Update.Bytes))));
            double all = lines.Sum(l => l.Seconds);
            return [.. lines.Select(l => BenchLayer.Of(l.Name, l.Kernel, l.Pass, l.Seconds, l.Work, limits, all))];
        }
    }
}
