using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Training;

[TestFixture("reference")]
[TestFixture("cpu")]
public sealed class SgdSolverTests(string backend)
{
    private static readonly string[] Layers = ["ip1", "ip2"];
    private Backend device = null!;

    [SetUp]
    public void Open() => device = Backends.Open(backend);

    [TearDown]
    public void Close() => device.Dispose();

    [Test]
    public void Plain_steps_follow_caffe() => Follow("solver_sgd", steps: 3, p => new(p) { Rate = 0.1f, Decay = 0.05f });

    [Test]
    public void A_falling_rate_follows_caffe() =>
        Follow("solver_sgd_step", steps: 5, p => new(p) { Rate = Schedule.Step(0.1f, factor: 0.5f, every: 2), Decay = 0.05f });

    [Test]
    public void Decay_of_magnitudes_follows_caffe() =>
        Follow("solver_sgd_l1", steps: 3, p => new(p) { Rate = 0.1f, Decay = 0.05f, DecayKind = DecayKind.Magnitudes });

    [Test]
    public void Clipping_follows_caffe() => Follow("solver_sgd_clip", steps: 3, p => new(p) { Rate = 0.1f, Decay = 0.05f, ClipNorm = 0.3f });

    [Test]
    public void Accumulated_passes_follow_caffe()
    {
        Golden golden = Golden.Open("solver_itersize2");
        Graph graph = Classifier();
        using ParameterSet parameters = Start(graph, golden);
        using var net = new Net(parameters, batch: 2);
        using var solver = new SgdSolver(parameters) { Rate = 0.1f, Decay = 0.05f, Accumulate = 2 };
        double worst = 0;
        for (int pass = 0; pass < 6; pass++)
        {
            net.Load(graph["data"], golden["in/data"].AsSpan(pass * 12, 12));
            net.Load(graph["label"], golden["in/label"].AsSpan(pass * 2, 2));
            net.Forward();
            net.Backward();
            if (pass % 2 == 0) continue;
            solver.Step();
            worst = Math.Max(worst, Worst(parameters, golden, $"step{solver.Iteration}/param", p => p.ReadExact()));
        }
        TestContext.Out.WriteLine($"worst error {worst:0.0e+00}");
        Assert.That(worst, Is.LessThan(1e-6));
    }

    [Test]
    public void Clip_accumulate_decay_and_multipliers_come_in_caffes_order()
    {
        Graph graph = Graph.Of(Node.Input("x", 1).InnerProduct("f", 1, bias: false).InnerProduct("g", 1, bias: false));
        using var parameters = new ParameterSet(graph, device);
        Parameter f = parameters["f.weight"], g = parameters["g.weight"];
        (f.LearningRate, f.Decay, g.LearningRate, g.Decay) = (1, 2, 0.5f, 1);
        f.Write((float[])[2]);
        g.Write((float[])[-1]);
        using var solver = new SgdSolver(parameters) { Rate = Schedule.Step(0.5f, factor: 0.5f, every: 1), Momentum = 0.5f, Decay = 0.1f, ClipNorm = 1, Accumulate = 4 };
        double wf = 2, wg = -1, vf = 0, vg = 0, rate = 0.5;
        foreach ((float df, float dg) in ((float, float)[])[(3, 4), (0.3f, -0.4f), (-6, 8)])
        {
            SetGradient(f, df);
            SetGradient(g, dg);
            double norm = Math.Sqrt((double)df * df + (double)dg * dg), scale = (norm > 1 ? 1 / norm : 1) / 4;
            vf = 0.5 * vf + rate * 1 * (scale * df + 0.1 * 2 * wf);
            vg = 0.5 * vg + rate * 0.5 * (scale * dg + 0.1 * 1 * wg);
            (wf, wg, rate) = (wf - vf, wg - vg, rate / 2);
            solver.Step();
            Assert.That(f.ReadExact()[0], Is.EqualTo(wf).Within(1e-6));
            Assert.That(g.ReadExact()[0], Is.EqualTo(wg).Within(1e-6));
        }
    }

    [Test]
    public void A_frozen_parameter_stays_and_its_gradient_is_cleared_and_not_counted()
    {
        Graph graph = Graph.Of(Node.Input("x", 1).InnerProduct("f", 1, bias: false).InnerProduct("g", 1, bias: false));
        using var parameters = new ParameterSet(graph, device);
        Parameter f = parameters["f.weight"], g = parameters["g.weight"];
        f.LearningRate = 0;
        f.Write((float[])[2]);
        SetGradient(f, 100);
        SetGradient(g, 3);
        using var solver = new SgdSolver(parameters) { Rate = 1, Decay = 0.5f, ClipNorm = 5 };
        int version = f.Version;
        Assert.That(solver.GradientNorm(), Is.EqualTo(3));
        solver.Step();
        Assert.That(f.Read(), Is.EqualTo((float[])[2]));
        Assert.That(f.Version, Is.EqualTo(version));
        Assert.That(g.Read(), Is.EqualTo((float[])[-3]), "not clipped: the frozen gradient does not count");
        Assert.That(parameters.All.Select(p => p.ReadGradient()[0]), Is.All.Zero);
    }

    [Test]
    public void A_step_marks_what_it_changed_and_counts()
    {
        Graph graph = Classifier();
        using var parameters = new ParameterSet(graph, device);
        using var solver = new SgdSolver(parameters) { Rate = 0.1f };
        Dictionary<Parameter, int> before = parameters.All.ToDictionary(p => p, p => p.Version);
        solver.Step();
        Assert.That(solver.Iteration, Is.EqualTo(1));
        foreach (Parameter p in parameters.All) Assert.That(p.Version, p.LearningRate == 0 ? Is.EqualTo(before[p]) : Is.GreaterThan(before[p]), p.Name);
        using var none = new SgdSolver(parameters) { Rate = 0.1f, Accumulate = 0 };
        Assert.That(none.Step, Throws.InvalidOperationException.With.Message.Contains("Accumulate is 0"));
    }

    [Test]
    public void A_run_goes_on_where_it_stopped_when_iteration_and_momenta_are_set()
    {
        Graph graph = Classifier();
        float[] End(int stop)
        {
            using var parameters = new ParameterSet(graph, device);
            var random = new Random(5);
            foreach (Parameter p in parameters.All.Where(p => p.LearningRate != 0)) p.Write(Sample.Normal(random, p.Count));
            SgdSolver Solver() => new(parameters) { Rate = Schedule.Step(0.1f, factor: 0.5f, every: 2), Decay = 0.01f };
            SgdSolver solver = Solver();
            using var net = new Net(parameters, batch: 3);
            for (int step = 0; step < 5; step++)
            {
                if (step == stop)
                {
                    SgdSolver next = Solver();
                    var momenta = new double[solver.MomentumStorage.Count];
                    solver.MomentumStorage.Read(0, momenta);
                    next.MomentumStorage.Write(0, momenta);
                    next.Iteration = solver.Iteration;
                    solver.Dispose();
                    solver = next;
                }
                net.Load(graph["data"], Sample.Normal(random, 18));
                net.Load(graph["label"], (float[])[0, 2, 1]);
                net.Forward();
                net.Backward();
                solver.Step();
            }
            solver.Dispose();
            return [.. parameters.All.SelectMany(p => p.Read())];
        }
        Assert.That(End(stop: 3), Is.EqualTo(End(stop: -1)));
    }

    private void Follow(string name, int steps, Func<ParameterSet, SgdSolver> make)
    {
        Golden golden = Golden.Open(name);
        Graph graph = Classifier();
        using ParameterSet parameters = Start(graph, golden);
        using var net = new Net(parameters, batch: 4);
        using SgdSolver solver = make(parameters);
        double worst = 0;
        for (int k = 1; k <= steps; k++)
        {
            net.Load(graph["data"], golden[$"step{k}/in/data"]);
            net.Load(graph["label"], golden[$"step{k}/in/label"]);
            net.Forward();
            net.Backward();
            Assert.That(net.Loss, Is.EqualTo(golden[$"step{k}/loss"][0]).Within(1e-5));
            Assert.That(solver.CurrentRate, Is.EqualTo(golden[$"step{k}/lr"][0]).Within(1e-7));
            worst = Math.Max(worst, Worst(parameters, golden, $"step{k}/grad", p => p.ReadGradientExact()));
            solver.Step();
            worst = Math.Max(worst, Worst(parameters, golden, $"step{k}/update", p => Momenta(solver, p)));
            worst = Math.Max(worst, Worst(parameters, golden, $"step{k}/param", p => p.ReadExact()));
        }
        foreach ((Parameter p, int i) in Learned(parameters).Select((p, i) => (p, i)))
            worst = Math.Max(worst, Sample.RelativeError(Exact(golden[$"final/history/{i}"]), Momenta(solver, p)));
        Assert.That(golden.Names.Where(n => n.StartsWith("step", StringComparison.Ordinal)).Max(n => n[..n.IndexOf('/')]), Is.EqualTo($"step{steps}"), "every recorded step was followed");
        TestContext.Out.WriteLine($"{name}: worst error {worst:0.0e+00}");
        Assert.That(worst, Is.LessThan(backend == "reference" ? 1e-6 : 1e-5));
    }

    private static double Worst(ParameterSet parameters, Golden golden, string prefix, Func<Parameter, double[]> actual) =>
        Layers.SelectMany(l => new[] { (Name: $"{prefix}/{l}/0", P: parameters[$"{l}.weight"]), (Name: $"{prefix}/{l}/1", P: parameters[$"{l}.bias"]) })
            .Max(t => Sample.RelativeError(Exact(golden[t.Name]), actual(t.P)));

    private ParameterSet Start(Graph graph, Golden golden)
    {
        var parameters = new ParameterSet(graph, device);
        foreach (string layer in Layers)
        {
            parameters[$"{layer}.weight"].Write(golden[$"step0/param/{layer}/0"]);
            parameters[$"{layer}.bias"].Write(golden[$"step0/param/{layer}/1"]);
        }
        Parameter weight = parameters["ip2.weight"], bias = parameters["ip2.bias"];
        (weight.LearningRate, weight.Decay, bias.LearningRate) = (0.5f, 2, 1);
        return parameters;
    }

    private static Graph Classifier() =>
        Graph.Of(Node.Input("data", 6).InnerProduct("ip1", 5).Relu().InnerProduct("ip2", 3).SoftmaxLoss(Node.Input("label", 1)));

    private static IEnumerable<Parameter> Learned(ParameterSet parameters) => parameters.All.Where(p => p.LearningRate != 0);

    private static double[] Momenta(SgdSolver solver, Parameter p)
    {
        var values = new double[p.Count];
        solver.MomentumStorage.Read(p.Offset, values);
        return values;
    }

    private static void SetGradient(Parameter p, float value) => p.Gradients.Storage.Write(p.Gradients.Offset, (float[])[value]);

    private static double[] Exact(float[] values) => [.. values.Select(v => (double)v)];
}
