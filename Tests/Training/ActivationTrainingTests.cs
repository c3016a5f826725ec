using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Training;

/// <summary>Learned parameters that belong to no affine layer: solvers move them, checkpoints keep them.</summary>
public sealed class ActivationTrainingTests
{
    private static readonly Node Label = Node.Input("label", 1);

    private static Graph Net() => Graph.Of(Node.Input("data", 3, 9, 9)
        .Convolution("conv1", 18, 3, pad: 1).PRelu("slopes1").Convolution("conv2", 16, 3, stride: 2).PRelu("slopes2", shared: true)
        .MaxoutInnerProduct("fc3", 12, pieces: 3).Tanh().InnerProduct("fc4", 9).Elu().InnerProduct("fc5", 8).Sigmoid().InnerProduct("fc6", 4).SoftmaxLoss(Label));

    [Test]
    public void Solvers_learn_slopes([Values("sgd", "adam", "rmsprop")] string kind)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        (double first, double last, ParameterSet parameters) = Train(backend, kind, steps: 60, together: true);
        using (parameters)
        {
            TestContext.Out.WriteLine($"loss {first:F3} -> {last:F3}; slopes {string.Join(" ", parameters["slopes1.slope"].Read().Take(4).Select(v => $"{v:F3}"))}, shared {parameters["slopes2.slope"].Read()[0]:F3}");
            Assert.That(last, Is.LessThan(0.7 * first));
            Assert.That(parameters["slopes1.slope"].Read(), Has.Length.EqualTo(18).And.All.Not.EqualTo(0.25f));
            Assert.That(parameters["slopes2.slope"].Read(), Has.Length.EqualTo(1).And.All.Not.EqualTo(0.25f));
        }
    }

    [Test]
    public void Updating_while_the_gradient_arises_changes_no_bit([Values("sgd", "adam", "rmsprop")] string kind)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        (_, double apart, ParameterSet one) = Train(backend, kind, steps: 5, together: false);
        (_, double together, ParameterSet other) = Train(backend, kind, steps: 5, together: true);
        using (one)
        using (other)
        {
            Assert.That(together, Is.EqualTo(apart));
            Assert.That(Measured.Values(other), Is.EqualTo(Measured.Values(one)));
        }
    }

    [Test]
    public void Checkpoints_keep_slopes()
    {
        using var folder = new TemporaryFolder();
        using Backend backend = Backends.Open("cpu", threads: 1);
        (_, _, ParameterSet trained) = Train(backend, "sgd", steps: 3, together: true);
        using ParameterSet saved = trained, loaded = new(Net(), backend);
        Checkpoint.Save(saved, folder["w"]);
        CheckpointReport report = Checkpoint.Load(loaded, folder["w"]);
        Assert.That(report.Missing, Is.Empty);
        Assert.That(Measured.Values(loaded), Is.EqualTo(Measured.Values(saved)));
        Assert.That(loaded["slopes1.slope"].Read(), Is.All.Not.EqualTo(0.25f));
    }

    // Decay would draw slopes to zero; theirs has the factor zero.
    [Test]
    public void Decay_leaves_slopes_alone()
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        using var parameters = new ParameterSet(Net(), backend);
        using var net = new Net(parameters, 2);
        using var solver = new SgdSolver(parameters) { Rate = 0.1f, Decay = 0.5f };
        parameters["conv1.weight"].Fill(1);
        parameters.ClearGradients();
        solver.Step();
        Assert.That(parameters["slopes1.slope"].Read(), Is.All.EqualTo(0.25f));
        Assert.That(parameters["conv1.weight"].Read(), Is.All.EqualTo(0.95f).Within(1e-6));
    }

    private static (double First, double Last, ParameterSet Parameters) Train(Backend backend, string kind, int steps, bool together)
    {
        const int Batch = 16;
        Graph graph = Net();
        var parameters = new ParameterSet(graph, backend);
        var random = new Random(5);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight")) p.Write([.. Sample.Normal(random, p.Count).Select(v => v * Math.Sqrt(2.0 / p.FanIn))]);
        double[] data = Sample.Normal(random, Batch * graph["data"].Shape.Count);
        using var net = new Net(parameters, Batch);
        using Solver solver = kind switch
        {
            "adam" => new AdamSolver(parameters) { Rate = 0.01f, Decay = 1e-4f },
            "rmsprop" => new RmsPropSolver(parameters) { Rate = 0.005f, Decay = 1e-4f },
            _ => new SgdSolver(parameters) { Rate = 0.1f, Momentum = 0.9f, Decay = 1e-4f },
        };
        net.Load(graph["data"], data);
        net.Load(Label, [.. Enumerable.Range(0, Batch).Select(n => (float)(n % 4))]);
        double first = double.NaN;
        for (int i = 0; i < steps; i++)
        {
            net.Forward();
            if (i == 0) first = net.Loss;
            if (together) solver.Step(net);
            else
            {
                net.Backward();
                solver.Step();
            }
        }
        net.Forward();
        return (first, net.Loss, parameters);
    }
}
