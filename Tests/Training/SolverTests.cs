using EvenNet.Framework;

namespace EvenNet.Tests.Training;

[TestFixture("reference")]
[TestFixture("cpu")]
[TestFixture(TestDevice.Emulated)]
public sealed class SolverTests(string backend)
{
    private static readonly string[] Layers = ["ip1", "ip2"];
    private Backend device = null!;

    [SetUp]
    public void Open() => device = TestDevice.Open(backend);

    [TearDown]
    public void Close() => device.Dispose();

    [Test]
    public void Plain_steps_follow_caffe() => Follow("solver_sgd", steps: 3, p => new SgdSolver(p) { Rate = 0.1f, Decay = 0.05f });

    [Test]
    public void Adam_follows_caffe() => Follow("solver_adam", steps: 3, p => new AdamSolver(p) { Rate = 0.01f, Decay = 0.05f });

    [Test]
    public void Rms_prop_follows_caffe() => Follow("solver_rmsprop", steps: 3, p => new RmsPropSolver(p) { Rate = 0.1f, Decay = 0.05f, Rho = 0.9f, Delta = 1e-6f });

    [Test]
    public void A_falling_rate_follows_caffe() =>
        Follow("solver_sgd_step", steps: 5, p => new SgdSolver(p) { Rate = Schedule.Step(0.1f, factor: 0.5f, every: 2), Decay = 0.05f });

    [Test]
    public void Decay_of_magnitudes_follows_caffe() =>
        Follow("solver_sgd_l1", steps: 3, p => new SgdSolver(p) { Rate = 0.1f, Decay = 0.05f, DecayKind = DecayKind.Magnitudes });

    [Test]
    public void Clipping_follows_caffe() => Follow("solver_sgd_clip", steps: 3, p => new SgdSolver(p) { Rate = 0.1f, Decay = 0.05f, ClipNorm = 0.3f });

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

    // By hand in double: two weights 2 and −1 with rate multipliers 1 and ½ and decay multipliers 2 and 1, decay 0.1, rates ½, ¼, ⅛; each sum of
    // four passes is clipped to length one, then divided by four. For SGD the first step is g = (3/5/4 + 0.1·2·2, 4/5/4 − 0.1·1),
    // v = (½ · 0.55, ½ · ½ · 0.1), w = (1.725, −1.025).
    private static IEnumerable<TestCaseData> Trajectories =>
    [
        new((Func<ParameterSet, Solver>)(p => new SgdSolver(p) { Rate = Halved, Momentum = 0.5f, Decay = 0.1f, ClipNorm = 1, Accumulate = 4 }),
            (double[])[1.725, -1.025, 1.4825, -1.0121875, 1.3429375, -1.0119551]) { TestName = "{m}(sgd)" },
        new((Func<ParameterSet, Solver>)(p => new SgdSolver(p) { Rate = Halved, Momentum = 0.5f, Nesterov = true, Decay = 0.1f, ClipNorm = 1, Accumulate = 4 }),
            (double[])[1.5875, -1.0375, 1.3715625, -1.0055469, 1.2893477, -1.0116277]) { TestName = "{m}(nesterov)" },
        new((Func<ParameterSet, Solver>)(p => new AdamSolver(p) { Rate = Halved, Beta1 = 0.5f, Beta2 = 0.75f, Delta = 0.01f, Decay = 0.1f, ClipNorm = 1, Accumulate = 4 }),
            (double[])[1.5175439, -1.2083333, 1.288253, -1.1351138, 1.2036564, -1.1353535]) { TestName = "{m}(adam)" },
        new((Func<ParameterSet, Solver>)(p => new RmsPropSolver(p) { Rate = Halved, Rho = 0.75f, Delta = 0.01f, Decay = 0.1f, ClipNorm = 1, Accumulate = 4 }),
            (double[])[1.0350877, -1.4166667, 0.7892317, -1.1983316, 0.7853042, -1.2374245]) { TestName = "{m}(rmsprop)" },
    ];

    private static Schedule Halved => Schedule.Step(0.5f, factor: 0.5f, every: 1);

    [TestCaseSource(nameof(Trajectories))]
    public void Clip_accumulate_decay_and_multipliers_come_in_caffes_order(Func<ParameterSet, Solver> make, double[] weights)
    {
        using var parameters = new ParameterSet(TwoWeights(), device);
        Parameter f = parameters["f.weight"], g = parameters["g.weight"];
        (f.LearningRate, f.Decay, g.LearningRate, g.Decay) = (1, 2, 0.5f, 1);
        f.Write((float[])[2]);
        g.Write((float[])[-1]);
        using Solver solver = make(parameters);
        var seen = new List<double>();
        foreach ((float df, float dg) in ((float, float)[])[(3, 4), (0.3f, -0.4f), (-6, 8)])
        {
            SetGradient(f, df);
            SetGradient(g, dg);
            solver.Step();
            seen.AddRange([f.ReadExact()[0], g.ReadExact()[0]]);
        }
        Assert.That(seen, Is.EqualTo(weights).Within(1e-6));
    }

    private static Graph TwoWeights() => Graph.Of(Node.Input("x", 1).InnerProduct("f", 1, bias: false).InnerProduct("g", 1, bias: false));

    [Test]
    public void A_frozen_parameter_stays_and_its_gradient_is_cleared_and_not_counted()
    {
        using var parameters = new ParameterSet(TwoWeights(), device);
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

    private static IEnumerable<TestCaseData> Kinds =>
    [
        new((Func<ParameterSet, Solver>)(p => new SgdSolver(p) { Rate = Falling, Decay = 0.01f })) { TestName = "{m}(sgd)" },
        new((Func<ParameterSet, Solver>)(p => new SgdSolver(p) { Rate = Falling, Decay = 0.01f, Nesterov = true })) { TestName = "{m}(nesterov)" },
        new((Func<ParameterSet, Solver>)(p => new AdamSolver(p) { Rate = Falling, Decay = 0.01f })) { TestName = "{m}(adam)" },
        new((Func<ParameterSet, Solver>)(p => new RmsPropSolver(p) { Rate = Falling, Decay = 0.01f })) { TestName = "{m}(rmsprop)" },
    ];

    private static Schedule Falling => Schedule.Step(0.1f, factor: 0.5f, every: 2);

    [TestCaseSource(nameof(Kinds))]
    public void A_run_goes_on_where_it_stopped_when_iteration_and_states_are_set(Func<ParameterSet, Solver> make)
    {
        double[] whole = Train(make, hand: null);
        Assert.That(Train(make, Copy), Is.EqualTo(whole));
        Assert.That(Train(make, (from, to) => { to.Iteration = from.Iteration; }), Is.Not.EqualTo(whole), "states matter");
        Assert.That(Train(make, (from, to) => { Copy(from, to); to.Iteration = 0; }), Is.Not.EqualTo(whole), "the iteration matters");

        static void Copy(Solver from, Solver to)
        {
            foreach ((SolverState old, SolverState state) in from.States.Zip(to.States))
            {
                var values = new double[old.Storage.Count];
                old.Storage.Read(0, values);
                state.Storage.Write(0, values);
            }
            to.Iteration = from.Iteration;
        }
    }

    [TestCaseSource(nameof(Kinds))]
    public void A_file_of_the_states_brings_a_run_back(Func<ParameterSet, Solver> make)
    {
        using var folder = new TemporaryFolder();
        string path = folder["solver.safetensors"];
        double[] whole = Train(make, hand: null), resumed = Train(make, (from, to) =>
        {
            Safetensors.Write(path, from.Tensors());
            using SafetensorsFile file = Safetensors.Open(path);
            to.Restore(file);
            to.Iteration = from.Iteration;
        });
        // The file is float32: the cpu's own numbers, and the reference's rounded.
        Assert.That(resumed, Is.EqualTo(whole).Within(backend == "cpu" ? 0 : 1e-5));
    }

    [Test]
    public void A_file_of_another_solver_or_another_net_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        string path = folder["solver.safetensors"];
        using ParameterSet parameters = new(Classifier(), device), other = new(TwoWeights(), device);
        using var sgd = new SgdSolver(parameters) { Rate = 1 };
        using var adam = new AdamSolver(parameters) { Rate = 1 };
        using var stranger = new SgdSolver(other) { Rate = 1 };
        SetGradient(parameters["ip1.weight"], 1);
        sgd.Step();
        Safetensors.Write(path, sgd.Tensors());
        using SafetensorsFile file = Safetensors.Open(path);
        Assert.That(() => adam.Restore(file), Throws.InstanceOf<WeightsFormatException>().With.Message.Contains("ip1.weight/square, which the adam solver remembers"));
        Assert.That(() => stranger.Restore(file), Throws.InstanceOf<WeightsFormatException>().With.Message.Contains("f.weight/momentum"));
        Assert.That(State(adam, 0, parameters["ip1.weight"]), Is.All.Zero);
    }

    [Test]
    public void A_solver_says_what_it_is()
    {
        using var parameters = new ParameterSet(TwoWeights(), device);
        using var adam = new AdamSolver(parameters) { Rate = 0.5f, Decay = 0.25f, ClipNorm = 35, Accumulate = 2 };
        using var sgd = new SgdSolver(parameters) { Rate = Falling, Nesterov = true, Decay = 0.25f, DecayKind = DecayKind.Magnitudes };
        Assert.That($"{adam}", Is.EqualTo("adam, rate 0.5, beta 0.9 and 0.999, delta 1E-08, decay 0.25, gradients clipped at 35, 2 passes a step"));
        Assert.That($"{sgd}", Is.EqualTo("nesterov, rate 0.1, times 0.5 every 2, momentum 0.9, decay 0.25 of magnitudes"));
    }

    // Five steps; with hand, another solver goes on after the third.
    private double[] Train(Func<ParameterSet, Solver> make, Action<Solver, Solver>? hand)
    {
        Graph graph = Classifier();
        using var parameters = new ParameterSet(graph, device);
        var random = new Random(5);
        foreach (Parameter p in parameters.All.Where(p => p.LearningRate != 0)) p.Write(Sample.Normal(random, p.Count));
        Solver solver = make(parameters);
        using var net = new Net(parameters, batch: 3);
        for (int step = 0; step < 5; step++)
        {
            if (step == 3 && hand is not null)
            {
                Solver next = make(parameters);
                hand(solver, next);
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
        return [.. parameters.All.SelectMany(p => p.ReadExact())];
    }

    private void Follow(string name, int steps, Func<ParameterSet, Solver> make)
    {
        Golden golden = Golden.Open(name);
        Graph graph = Classifier();
        using ParameterSet parameters = Start(graph, golden);
        using var net = new Net(parameters, batch: 4);
        using Solver solver = make(parameters);
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
            Dictionary<Parameter, double[]> before = parameters.All.ToDictionary(p => p, p => p.ReadExact());
            solver.Step();
            // Among single-precision weights a difference is mostly their rounding.
            if (backend == "reference") worst = Math.Max(worst, Worst(parameters, golden, $"step{k}/update", p => [.. before[p].Zip(p.ReadExact(), (a, b) => a - b)]));
            worst = Math.Max(worst, Worst(parameters, golden, $"step{k}/param", p => p.ReadExact()));
        }
        // One state of all parameters after another.
        Parameter[] learned = [.. parameters.All.Where(p => p.LearningRate != 0)];
        Assert.That(golden.Under("final/history").Count(), Is.EqualTo(solver.States.Count * learned.Length));
        for (int i = 0; i < solver.States.Count * learned.Length; i++)
            worst = Math.Max(worst, Sample.RelativeError(Exact(golden[$"final/history/{i}"]), State(solver, i / learned.Length, learned[i % learned.Length])));
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

    private static double[] State(Solver solver, int state, Parameter p)
    {
        var values = new double[p.Count];
        solver.States[state].Storage.Read(p.Offset, values);
        return values;
    }

    private static void SetGradient(Parameter p, float value) => p.Gradients.Storage.Write(p.Gradients.Offset, (float[])[value]);

    private static double[] Exact(float[] values) => [.. values.Select(v => (double)v)];
}
