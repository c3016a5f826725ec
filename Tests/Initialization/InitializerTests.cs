using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>The whole run: classifiers to zero, the same bits for any number of threads, stopping, progress.</summary>
public sealed class InitializerTests
{
    private const int Images = 30;
    private static string[] Methods => [.. InitMethods.FromData, "xavier", "msra"];
    private static string[] Modes => [.. InitMethods.BetweenNames];

    [Test]
    public void Zero_classifiers_give_zero_scores_and_leave_the_layers_below_alone([Values("kmeans", "xavier")] string method)
    {
        const int Classes = 11;
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet zero = new(InitNets.DagWithLosses(Classes), backend), plain = new(InitNets.DagWithLosses(Classes), backend);
        float[] images = Pictures.For(zero.Graph, Images);
        Initializer.Run(zero, images, Images, new InitOptions { Method = method, ZeroClassifier = true });
        Initializer.Run(plain, images, Images, new InitOptions { Method = method });

        Dictionary<string, float[]> before = Measured.Values(plain), after = Measured.Values(zero);
        string[] zeroed = ["auxiliary/classifier.weight", "auxiliary/classifier.bias", "main/classifier.weight", "main/classifier.bias"];
        foreach ((string name, float[] values) in after)
            Assert.That(values, zeroed.Contains(name) ? Is.All.Zero : Is.EqualTo(before[name]), name);
        foreach (string name in zeroed.Where(n => n.EndsWith("weight", StringComparison.Ordinal))) Assert.That(before[name], Has.Some.Not.Zero, name);

        using var net = new Net(zero, Images, new() { Observe = [zero.Graph["main/classifier"], zero.Graph["auxiliary/classifier"]] });
        net.Load(zero.Graph["data"], images);
        net.Load(zero.Graph["label"], [.. Enumerable.Range(0, Images).Select(n => (float)(n % Classes))]);
        net.Forward(Phase.Test);
        Assert.That(net.Read(zero.Graph["main/classifier"]), Is.All.Zero);
        Assert.That(net.Read(zero.Graph["auxiliary/classifier"]), Is.All.Zero);
        Assert.That(net.Loss, Is.EqualTo(1.3 * Math.Log(Classes)).Within(1e-5), "ln(classes) for each head, one of them counts 0.3");
    }

    // Two summed layers make the scores; zeroing one of them is not enough.
    [Test]
    public void A_classifier_of_several_layers_is_zeroed_whole()
    {
        Node data = Node.Input("data", 3, 9, 9), trunk = data.Convolution("trunk", 8, kernel: 3).Relu();
        Graph graph = Graph.Of(Node.Sum("scores", trunk.InnerProduct("left", 4), trunk.InnerProduct("right", 4)).Softmax("probabilities"));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        Initializer.Run(parameters, images, Images, new InitOptions { Method = "gaussian", ZeroClassifier = true });
        Assert.That(Measured.Scores(parameters, images, Images)[0], Is.All.EqualTo(0.25));
        Assert.That(parameters["trunk.weight"].Read(), Has.Some.Not.Zero);
    }

    [Test]
    public void The_number_of_threads_changes_no_bit([ValueSource(nameof(Methods))] string method)
    {
        Dictionary<string, float[]> one = Values(method, threads: 1, seed: 1);
        foreach (int threads in new[] { 2, 3 })
            foreach ((string name, float[] values) in Values(method, threads, seed: 1)) Assert.That(values, Is.EqualTo(one[name]), $"{name}, {threads} threads");
        Dictionary<string, float[]> other = Values(method, threads: 2, seed: 2);
        foreach (string name in one.Keys.Where(n => n.EndsWith(".weight", StringComparison.Ordinal))) Assert.That(other[name], Is.Not.EqualTo(one[name]), $"{name}, another seed");
    }

    [Test]
    public void The_rescalers_too_give_the_same_bits_for_any_number_of_threads([Values("paper", "reference")] string mode)
    {
        Dictionary<string, float[]> one = Values("gaussian", threads: 1, seed: 1, mode), three = Values("gaussian", threads: 3, seed: 1, mode);
        foreach ((string name, float[] values) in three) Assert.That(values, Is.EqualTo(one[name]), name);
    }

    [Test]
    public void The_report_proves_what_was_done([ValueSource(nameof(Modes))] string mode)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Dag(), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        InitReport report = Initializer.Run(parameters, images, Images, new InitOptions { Method = "pca", Between = mode, Seed = 7 });
        string[] layers = [.. parameters.Graph.Affine.Select(n => n.Name)];
        Assert.Multiple(() =>
        {
            Assert.That((report.Method, report.Between, report.Images), Is.EqualTo(("pca", mode, Images)));
            Assert.That(report.Within!.Layers.Select(l => l.Layer), Is.EqualTo(layers));
            Assert.That(report.Rescaling?.Layers, mode == "none" ? Is.Null : Is.EqualTo(layers));
            Assert.That(report.Rates.Layers.Select(l => l.Name), Is.EqualTo(layers));
            Assert.That(report.FunctionChange, mode == "scale-layers" ? Is.LessThan(1e-5) : mode == "none" ? Is.Zero : Is.Positive);
            Assert.That(report.Times.Select(t => t.Stage), Is.EqualTo(mode == "none" ? new[] { "weights", "measuring" } : ["weights", "rescaling", "measuring"]));
        });
        // The rates can be measured again from outside, with noise of another seed.
        ChangeRateReport again = new ChangeRates { Elements = false }.Measure(parameters, images, Images, seed: 1234);
        foreach ((LayerRate a, LayerRate b) in report.Rates.Layers.Zip(again.Layers)) Assert.That(Math.Log(a.Rate / b.Rate), Is.Zero.Within(0.4), a.Name);
    }

    [Test]
    public void Nothing_is_rescaled_for_blind_methods_unless_asked_and_everything_else_is()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Chain(), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        InitReport Run(InitOptions options) => Initializer.Run(parameters, images, Images, options);
        Assert.That(Run(new InitOptions { Method = "xavier" }).Between, Is.EqualTo("none"));
        Assert.That(Run(new InitOptions { Method = "xavier", Between = "scale-layers" }).Rates.Flatness, Is.LessThan(1.4));
        Assert.That(Run(new InitOptions { Method = "gaussian" }).Between, Is.EqualTo("scale-layers"));
    }

    [TestCase("kmean", "no method named kmean; did you mean kmeans? There are gaussian, pca")]
    [TestCase("", "no method named ")]
    public void An_unknown_method_is_named_with_the_nearest(string method, string message) =>
        Assert.That(() => InitMethods.Filler(method, within: true), Throws.ArgumentException.With.Message.StartsWith(message));

    [Test]
    public void An_unknown_mode_is_named_with_all() => Assert.That(
        () => InitMethods.Rescaler("scale", new InitOptions()), Throws.ArgumentException.With.Message.EqualTo("no between-layer mode named scale; there are scale-layers, paper, reference, none"));

    // One test a stage: stopped at its first report, nothing more is heard of than what was on its way.
    [Test]
    public void A_stop_is_heard_in_every_stage([Values("weights", "rescaling", "measuring")] string stage, [Values("scale-layers", "paper")] string mode)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Dag(), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        using var stop = new CancellationTokenSource();
        int after = 0;
        var progress = new Seen(p =>
        {
            if (stop.IsCancellationRequested) after++;
            if (p.Stage == stage) stop.Cancel();
        });
        Assert.That(
            () => Initializer.Run(parameters, images, Images, new InitOptions { Method = "kmeans", Between = mode }, progress, stop.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(after, Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void A_stop_before_the_start_touches_nothing()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Chain(), backend);
        Assert.That(
            () => Initializer.Run(parameters, Pictures.For(parameters.Graph, Images), Images, new InitOptions(), progress: null, new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(parameters.All.Where(p => p.Spec.IsLearned).SelectMany(p => p.Read()), Is.All.Zero);
    }

    // A layer of 1,024 centres takes many seconds: a stop is answered long before its end.
    [Test]
    public void A_stop_is_heard_within_a_layer()
    {
        Graph graph = Graph.Of(Node.Input("data", 3, 96, 96).Convolution("wide", 1024, kernel: 7, pad: 3));
        const int Many = 48;
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Many);
        using var stop = new CancellationTokenSource();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        double stopped = 0;
        stop.Token.Register(() => stopped = clock.Elapsed.TotalSeconds);
        stop.CancelAfter(TimeSpan.FromSeconds(0.5));
        Assert.That(
            () => new WithinLayerInit(new KMeansWeights()).Apply(parameters, images, Many, seed: 1, progress: null, stop.Token),
            Throws.InstanceOf<OperationCanceledException>());
        double seconds = clock.Elapsed.TotalSeconds - stopped;
        TestContext.Out.WriteLine($"{seconds:F2} s after the stop");
        Assert.That(seconds, Is.LessThan(5));
    }

    [Test]
    public void Progress_grows_in_each_stage_and_ends_at_one([Values("kmeans", "gaussian", "xavier")] string method, [ValueSource(nameof(Modes))] string mode, [Values(null, 0.25)] double? damping)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Chain(), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        var seen = new List<InitProgress>();
        Initializer.Run(parameters, images, Images, new InitOptions { Method = method, Between = mode, Damping = damping }, new Seen(seen.Add));

        string[] stages = [.. new[] { "weights", "rescaling", "measuring" }.Where(s => (s != "weights" || method != "xavier") && (s != "rescaling" || mode != "none"))];
        Assert.That(seen.Select(p => p.Stage).Where((s, i) => i == 0 || seen[i - 1].Stage != s), Is.EqualTo(stages), "one stage after the other");
        foreach (string stage in stages)
        {
            double[] fractions = [.. seen.Where(p => p.Stage == stage).Select(p => p.Fraction)];
            Assert.That(fractions, Is.Ordered.And.All.InRange(0, 1), stage);
            Assert.That(fractions[0], Is.Zero, stage);
            Assert.That(fractions[^1], Is.EqualTo(1), stage);
            Assert.That(fractions, Has.Length.GreaterThan(1), stage);
        }
    }

    private static Dictionary<string, float[]> Values(string method, int threads, ulong seed, string? mode = null)
    {
        using Backend backend = Backends.Open("cpu", threads);
        using var parameters = new ParameterSet(InitNets.Dag(heads: true), backend);
        Initializer.Run(parameters, Pictures.For(parameters.Graph, Images), Images, new InitOptions { Method = method, Between = mode, Seed = seed });
        return Measured.Values(parameters);
    }

    private sealed class Seen(Action<InitProgress> see) : IProgress<InitProgress>
    {
        public void Report(InitProgress value) => see(value);
    }
}
