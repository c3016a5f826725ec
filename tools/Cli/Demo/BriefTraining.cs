using EvenNet.Framework;
using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>A few iterations of SGD: tell which photograph a crop shows. Enough to see whether a net starts to learn.</summary>
internal sealed record BriefTraining(int Iterations, float Rate, int Batch = 32)
{
    private const float Momentum = 0.9f, Decay = 5e-4f;

    // The mean of so many last losses is the result: one batch's is a matter of luck.
    private const int Averaged = 10;

    /// <summary>Trains and returns each iteration's loss; it ends early where the loss is no number any more.</summary>
    public IReadOnlyList<double> Run(ParameterSet parameters, Crops crops, string name, IProgress<InitProgress> progress, CancellationToken cancellation)
    {
        using var net = new Net(parameters, Batch);
        using var solver = new SgdSolver(parameters) { Rate = Rate, Momentum = Momentum, Decay = Decay };
        Node images = net.Nodes.Single(n => n.Name == "data"), labels = net.Nodes.Single(n => n.Name == "label");
        parameters.ClearGradients();
        var losses = new List<double>();
        while (losses.Count < Iterations && (losses.Count == 0 || double.IsFinite(losses[^1])))
        {
            cancellation.ThrowIfCancellationRequested();
            // The crops of the initialization are not among these.
            int first = (1 << 20) + losses.Count * Batch;
            net.Load(images, crops.Load(first, Batch, cancellation));
            net.Load(labels, [.. Enumerable.Range(first, Batch).Select(i => (float)crops.Label(i))]);
            net.Forward();
            solver.Step(net);
            losses.Add(net.Loss);
            progress.Report(new InitProgress("training", $"{name}, iteration {losses.Count} of {Iterations}, loss {Text.Fixed(losses[^1])}", (double)losses.Count / Iterations));
        }
        return losses;
    }

    /// <summary>The loss at the end.</summary>
    public static double Final(IReadOnlyList<double> losses) => losses.TakeLast(Averaged).Average();
}
