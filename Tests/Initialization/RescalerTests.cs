using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>The promise of Algorithm 2: all layers' change rates come together and the function stays.</summary>
public sealed class RescalerTests
{
    // With few classes the noise of one measurement is large: a batch's gradient has little more than their number of directions.
    private const int Images = 160, Classes = 100;

    [Test]
    public void Scale_layers_make_the_rates_even_and_keep_the_function(
        [ValueSource(typeof(InitNets), nameof(InitNets.Names))] string net, [Values("gaussian", "kmeans", "xavier")] string method)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Named(net, Classes), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        Start(parameters, images, method);
        double[][] before = Measured.Scores(parameters, images, Images);
        double uneven = Rates(parameters, images).Flatness;
        var function = new FunctionChange(parameters, images, Images);

        // Nets of many channels do with one draw, there and here.
        RescaleReport report = new ScaleLayerRescaler { Draws = 3 }.Apply(parameters, images, Images, seed: 1);
        double even = Math.Exp(Spread(parameters, images, draws: 5)), change = Change(before, Measured.Scores(parameters, images, Images));
        TestContext.Out.WriteLine($"flatness {uneven:F2} -> {even:F3}, function change {change:E1}, said {function.Measure():E1}, {report.Rates.Count} sweeps");
        Assert.Multiple(() =>
        {
            Assert.That(report.Notes, Is.Empty);
            Assert.That(report.Layers, Is.EqualTo(parameters.Graph.Affine.Select(n => n.Name)));
            Assert.That(uneven, Is.GreaterThan(1.5), "something to do");
            Assert.That(even, Is.LessThan(1.15));
            Assert.That(change, Is.LessThan(1e-5));
            Assert.That(function.Measure(), Is.LessThan(1e-5));
        });
    }

    [Test]
    public void Scale_layers_keep_the_function_of_layers_that_are_not_homogeneous()
    {
        // Far into the saturation of the normalisation; a product of two branches; an exponential in the middle.
        Node x = Node.Input("data", 3, 12, 12).Convolution("conv1", 8, kernel: 3).Lrn("norm", size: 3, alpha: 10);
        Node product = Node.Product("product", x.Convolution("left", 6, kernel: 1), x.Convolution("right", 6, kernel: 1).Relu());
        Graph graph = Graph.Of(product.Softmax("middle").InnerProduct("top", 5));
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(graph, backend);
        const int Few = 16;
        float[] images = Pictures.For(graph, Few);
        new WithinLayerInit(new GaussianWeights()).Apply(parameters, images, Few, seed: 1);
        double[][] before = Measured.Scores(parameters, images, Few);
        new ScaleLayerRescaler().Apply(parameters, images, Few, seed: 1);
        // Weights, biases and scales are rounded to nothing on this backend.
        Assert.That(Change(before, Measured.Scores(parameters, images, Few)), Is.LessThan(1e-12));
    }

    [Test]
    public void More_draws_make_the_rates_more_even()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Dag(), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        double Flatness(int draws)
        {
            Start(parameters, images, "gaussian");
            Assert.That(new ScaleLayerRescaler { Draws = draws, Measure = new ChangeRates { Elements = false, Passes = 1 } }.Apply(parameters, images, Images, seed: 1).Rates, Has.Count.EqualTo(draws));
            return Math.Exp(Spread(parameters, images, draws: 20));
        }
        double one = Flatness(1), ten = Flatness(10);
        TestContext.Out.WriteLine($"flatness with one draw {one:F3}, with ten {ten:F3}");
        Assert.That(ten, Is.LessThan(1.07).And.LessThan(one));
    }

    [Test]
    public void A_quarter_step_closes_a_quarter_of_the_distance([Values("scale-layers", "paper")] string mode, [Values("chain", "deep")] string net)
    {
        const double Damping = 0.25;
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Scrambled(net, backend, out float[] images);
        RescaleReport report = InitMethods.Rescaler(mode, new InitOptions { Damping = Damping })!.Apply(parameters, images, Images, seed: 1);
        double[] worst = [.. report.Rates.Select(Worst)];
        TestContext.Out.WriteLine(string.Join(", ", worst.Select(w => $"{w:F2}")));
        Assert.That(worst, Has.Length.EqualTo(10));
        Assert.That(worst[0], Is.GreaterThan(3), "something to do");
        for (int sweep = 1; sweep < worst.Length && worst[sweep - 1] > 1; sweep++)
            Assert.That(worst[sweep] / worst[sweep - 1], Is.EqualTo(1 - Damping).Within(0.1), $"sweep {sweep}");
    }

    // Pictures are so alike that a batch's gradient has few directions, and what one draw of the noise says of it scatters; with independent
    // inputs it does not.
    [Test]
    public void A_whole_step_evens_a_homogeneous_chain_in_three_sweeps([Values("scale-layers", "paper", "reference")] string mode, [Values("chain", "deep")] string net)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Scrambled(net, backend, out float[] images);
        IRescaler rescaler = mode switch
        {
            "paper" => MultiplicativeRescaler.Paper with { Damping = 1, Tolerance = 0 },
            "reference" => MultiplicativeRescaler.Reference with { Images = Images, Tolerance = 0 },
            _ => new ScaleLayerRescaler { Draws = 4 },
        };
        double[][] before = Measured.Scores(parameters, images, Images);
        RescaleReport report = rescaler.Apply(parameters, images, Images, seed: 1);
        double[][] after = Measured.Scores(parameters, images, Images);
        double[] worst = [.. report.Rates.Select(Worst)];
        double deviation = Measured.Moments(after[0], parameters.Graph.Outputs[0].Shape).Average(c => c.Deviation);
        TestContext.Out.WriteLine($"{string.Join(", ", worst.Select(w => $"{w:F2}"))}; output's deviation {deviation:F4}");
        Assert.That(worst[0], Is.GreaterThan(3), "something to do");
        Assert.That(worst[3], Is.LessThan(net == "deep" || mode == "scale-layers" ? 0.15 : 0.5));
        if (mode == "reference")
        {
            // Each sweep takes the root of the output's deviation. Only the size of the output has changed.
            Assert.That(deviation, Is.EqualTo(1).Within(0.02));
            double size = after[0].Sum(Math.Abs) / before[0].Sum(Math.Abs);
            Assert.That(size, Is.Not.EqualTo(1).Within(0.3));
            before = [[.. before[0].Select(v => v * size)]];
        }
        Assert.That(Change(before, after), Is.LessThan(1e-4));
    }

    [Test]
    public void Rescaling_a_trained_net_leaves_every_decision_as_it_was([Values("scale-layers", "paper", "reference")] string mode)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Chain(Classes), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        Train(InitNets.Chain(Classes), parameters, images);
        double[] before = Measured.Scores(parameters, images, Images)[0];
        double uneven = Rates(parameters, images).Flatness;
        InitReport report = Initializer.Run(parameters, images, Images, new InitOptions { KeepExisting = true, Between = mode, Damping = 1 });
        double[] after = Measured.Scores(parameters, images, Images)[0];
        int[] decisions = [.. Enumerable.Range(0, Images).Select(n => Decision(after, n))];
        TestContext.Out.WriteLine($"flatness {uneven:F2} -> {report.Rates.Flatness:F3}, {decisions.Distinct().Count()} classes chosen, function change {report.FunctionChange:E1}");
        Assert.Multiple(() =>
        {
            Assert.That(report.Within!.Layers.Select(l => l.Method), Is.All.EqualTo("kept"));
            Assert.That(decisions, Is.EqualTo(Enumerable.Range(0, Images).Select(n => Decision(before, n))));
            Assert.That(decisions.Distinct().Count(), Is.GreaterThan(3));
            // The program's measure is another one, and scatters.
            Assert.That(report.Rates.Flatness, Is.LessThan(mode == "scale-layers" ? 1.15 : 0.7 * uneven));
        });
    }

    [Test]
    public void A_net_that_is_not_homogeneous_is_reported_in_the_papers_mode()
    {
        static Graph Net(float alpha) => Graph.Of(Node.Input("data", 3, 15, 15)
            .Convolution("conv1", 8, kernel: 3).Relu().Lrn("norm", size: 3, alpha: alpha).Convolution("conv2", 8, kernel: 3).Relu().InnerProduct("top", 5));
        foreach (float alpha in new[] { 0, 10f })
        {
            using Backend backend = Backends.Open("cpu", threads: 2);
            using var parameters = new ParameterSet(Net(alpha), backend);
            float[] images = Pictures.For(parameters.Graph, 40);
            Start(parameters, images, "gaussian", 40);
            RescaleReport report = MultiplicativeRescaler.Paper.Apply(parameters, images, 40, seed: 1);
            foreach (InitNote note in report.Notes) TestContext.Out.WriteLine(note);
            Assert.That(report.Notes.Select(n => (n.Layer, n.Kind)), alpha == 0 ? Is.Empty : Is.EqualTo(new[] { ("top", "not-homogeneous") }));
        }
    }

    // Scaling without scale layers keeps a function only along a chain.
    [Test]
    public void Joined_paths_are_reported_where_scale_layers_are_missing([Values("paper", "reference")] string mode)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet chain = new(InitNets.Chain(), backend), dag = new(InitNets.Dag(heads: true), backend);
        RescaleReport Rescaled(ParameterSet parameters)
        {
            float[] images = Pictures.For(parameters.Graph, 20);
            Start(parameters, images, "gaussian", 20);
            return InitMethods.Rescaler(mode, new InitOptions())!.Apply(parameters, images, 20, seed: 1);
        }
        Assert.That(Rescaled(chain).Notes, Is.Empty);
        InitNote note = Rescaled(dag).Notes.Single(n => n.Kind == "joined-paths");
        Assert.That((note.Layer, note.Message), Is.EqualTo((
            "inception_a/output", "paths with factors of their own join here, the first of 2 places: the function has changed; use scale layers to keep it")));
    }

    [Test]
    public void The_change_of_a_function_is_seen()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Dag(heads: true, Classes), backend);
        float[] images = Pictures.For(parameters.Graph, 20);
        Start(parameters, images, "gaussian", 20);
        var function = new FunctionChange(parameters, images, 20, batch: 6);
        Assert.That(function.Measure(), Is.Zero);
        // One head only, its scores and biases by a hundredth, in the last image's group too.
        foreach (string name in new[] { "auxiliary/classifier.weight", "auxiliary/classifier.bias" })
            parameters[name].Write([.. parameters[name].Read().Select(v => v * 1.01f)]);
        Assert.That(function.Measure(), Is.EqualTo(0.01).Within(1e-5));
        parameters["main/classifier.bias"].Fill(float.NaN);
        Assert.That(function.Measure(), Is.NaN);
    }

    // A zero classifier on one head lets no gradient below its own inner product; the other layers must come together all the same.
    [Test]
    public void A_layer_without_a_rate_is_left_alone_and_reported([Values("scale-layers", "paper", "reference")] string mode)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Dag(heads: true, Classes), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        Start(parameters, images, "gaussian");
        parameters["auxiliary/classifier.weight"].Fill(0);
        float[] conv = parameters["auxiliary/conv.weight"].Read();
        RescaleReport report = InitMethods.Rescaler(mode, new InitOptions { Damping = 1 })!.Apply(parameters, images, Images, seed: 1);
        string[] without = ["auxiliary/conv", "auxiliary/fc", "auxiliary/classifier"];
        double[] rates = [.. Rates(parameters, images).Layers.Where(l => !without.Contains(l.Name)).Select(l => l.Rate)];
        TestContext.Out.WriteLine($"{rates.Max() / rates.Min():F3}");
        Assert.Multiple(() =>
        {
            Assert.That(report.Notes.Where(n => n.Kind == "no-rate").Select(n => n.Layer), Is.EqualTo(without));
            Assert.That(Measured.IsFinite(parameters));
            Assert.That(parameters["auxiliary/conv.weight"].Read(), Is.EqualTo(conv));
            // Where paths join, only scale layers promise this.
            if (mode == "scale-layers") Assert.That(rates.Max() / rates.Min(), Is.LessThan(1.15));
        });
    }

    private static void Start(ParameterSet parameters, float[] images, string method, int count = Images)
    {
        if (InitMethods.Filler(method, within: true) is { } filler) new WithinLayerInit(filler).Apply(parameters, images, count, seed: 1);
        else InitMethods.BlindInit(method, fills: null).Apply(parameters, seed: 1);
    }

    // Layers of very different size.
    private static ParameterSet Scrambled(string net, Backend backend, out float[] images)
    {
        var parameters = new ParameterSet(net == "deep" ? InitNets.Deep() : InitNets.Chain(Classes), backend);
        images = net == "deep" ? Pictures.Independent(parameters.Graph["data"].Shape, Images) : Pictures.For(parameters.Graph, Images);
        Start(parameters, images, "gaussian");
        double above = 1;
        foreach ((Node node, double factor) in parameters.Graph.Affine.Zip([5, 0.05, 3, 12, 0.4, 2, 0.3, 6]))
        {
            above *= factor;
            Parameter weight = parameters.Weight(node), bias = parameters.Bias(node)!;
            weight.Write([.. weight.Read().Select(w => (float)(w * factor))]);
            bias.Write([.. bias.Read().Select(b => (float)(b * above))]);
        }
        return parameters;
    }

    // A few steps on labels that can be learned: which of the channels is brightest, and how bright the picture is.
    private static void Train(Graph net, ParameterSet parameters, float[] images)
    {
        Node label = Node.Input("label", 1), scores = net.Outputs[0];
        Graph graph = Graph.Of(scores.SoftmaxLoss(label));
        using var trained = new ParameterSet(graph, parameters.Backend);
        new XavierInit().Apply(trained, seed: 3);
        Shape shape = graph["data"].Shape;
        float[] labels = [.. Enumerable.Range(0, Images).Select(n =>
        {
            double[] means = [.. Enumerable.Range(0, 3).Select(c => images.Skip(n * shape.Count + c * shape.Plane).Take(shape.Plane).Average(v => (double)v))];
            return Array.IndexOf(means, means.Max()) * 2f + (means.Average() > 10 ? 1 : 0);
        })];
        using var run = new Net(trained, Images);
        using var solver = new SgdSolver(trained) { Rate = Schedule.Fixed(1e-5f), Momentum = 0.9f };
        run.Load(graph["data"], images);
        run.Load(label, labels);
        double first = 0;
        for (int step = 0; step < 60; step++)
        {
            run.Forward();
            if (step == 0) first = run.Loss;
            run.Backward();
            solver.Step();
        }
        TestContext.Out.WriteLine($"loss {first:F2} -> {run.Loss:F2}");
        Assert.That(run.Loss, Is.LessThan(0.7 * first));
        foreach (Parameter p in trained.All) parameters[p.Name].Write(p.Read());
    }

    // Noise of its own.
    private static ChangeRateReport Rates(ParameterSet parameters, float[] images, uint draw = 78) =>
        new ChangeRates { Elements = false, Draw = draw }.Measure(parameters, images, Images, seed: 9);

    // Logarithm of the largest rate over the smallest, each the geometric mean of some draws.
    private static double Spread(ParameterSet parameters, float[] images, uint draws)
    {
        double[] logs = new double[parameters.Graph.Affine.Count()];
        for (uint draw = 0; draw < draws; draw++)
        {
            IReadOnlyList<LayerRate> layers = Rates(parameters, images, draw).Layers;
            for (int k = 0; k < logs.Length; k++) logs[k] += Math.Log(layers[k].Rate) / draws;
        }
        return logs.Max() - logs.Min();
    }

    private static double Worst(double[] rates)
    {
        double mean = rates.Average(Math.Log);
        return rates.Max(r => Math.Abs(Math.Log(r) - mean));
    }

    private static double Change(double[][] before, double[][] after) => before.Zip(after).Max(p => Sample.RelativeError(p.First, p.Second));

    private static int Decision(double[] scores, int image)
    {
        int classes = scores.Length / Images;
        double[] one = scores[(image * classes)..((image + 1) * classes)];
        return Array.IndexOf(one, one.Max());
    }
}
