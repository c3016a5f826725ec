using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Whole initializations, stage by stage, on pictures or on random ones.</summary>
internal sealed class BenchInitVerb : Verb
{
    private readonly NetChoice net;
    private readonly ImageChoice images;
    private readonly MethodChoice method;
    private readonly DeviceChoice device;
    private readonly Option<int> repetitions = new("--repetitions") { Description = "Whole initializations; the median counts.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public BenchInitVerb() : base("init", "Measures the initialization of a net, stage by stage, on 160 random pictures or on those of a folder; writes nothing.",
        "evennet bench init caffenet --method kmeans", "evennet bench init vgg16 --method pca --images DIR --count 160 --json")
    {
        net = new NetChoice(this);
        images = new ImageChoice(this, defaultCount: 160, isRequired: false);
        method = new MethodChoice(this);
        device = new DeviceChoice(this);
        repetitions.RequireAtLeast(1);
        Add(repetitions);
        Add(seed);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        NetInfo info = net.Net(options, ui);
        ulong chosenSeed = options.GetValue(seed);
        InitOptions chosen = method.Options(options, info, chosenSeed, keepExisting: false);
        using Backend backend = device.Open(options, ui);
        Graph graph = info.Graph(net.Classes(options));
        int count = images.Count(options);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description} · seed {chosenSeed}");
        Affordable.Require(graph, backend, count);
        Shape input = PictureInput.Of(graph).Shape;
        ProcessMemory.ResetPeak();
        var clock = Stopwatch.StartNew();
        Pictures? pictures = images.IsGiven(options) ? images.Load(options, info, input, chosenSeed, device.Threads(options), ui, cancellation) : null;
        float[] data = pictures?.Data ?? BenchData.Pictures(count, input, chosenSeed);
        double imageSeconds = clock.Elapsed.TotalSeconds;

        var seconds = new List<double>();
        var reports = new List<InitReport>();
        for (int i = 0; i < options.GetValue(repetitions); i++)
        {
            using var parameters = new ParameterSet(graph, backend);
            clock.Restart();
            reports.Add(ui.Track(progress => Initializer.Run(parameters, data, count, chosen, progress, cancellation)));
            seconds.Add(clock.Elapsed.TotalSeconds);
            Weights.RequireFinite(parameters, reports[^1].Rates);
        }

        var result = new BenchInitResult(
            info.Name, reports[0].Method, reports[0].Between, count, pictures?.Description ?? $"{count} random ones", backend.Parallelism, backend.Description,
            Repetitions.MedianOf(seconds), seconds.Min(), seconds.Count, imageSeconds, ProcessMemory.PeakBytes, reports[0].Rates.Flatness,
            [.. reports[0].Times.Select((t, i) => new TimingResult(t.Stage, Repetitions.MedianOf(reports.Select(r => r.Times[i].Seconds))))]);
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(result));
        else Print(result, ui);
        return ExitCode.Ok;
    }

    private static void Print(BenchInitResult result, Ui ui)
    {
        var table = new TextTable("stage", "seconds", "of all");
        foreach (TimingResult t in result.Timings) table.Add(t.Name, Text.Fixed(t.Seconds), BenchTables.Percent(t.Seconds / result.Seconds));
        table.Add("all", Text.Fixed(result.Seconds), "");
        ui.Result("net", $"{result.Net}, {result.Method}, between layers {result.Between}; pictures: {result.Pictures}");
        ui.Result();
        ui.Result(table);
        ui.Result();
        ui.Result("measured", $"{result.Repetitions} time{(result.Repetitions == 1 ? "" : "s")}, quickest {Text.Fixed(result.BestSeconds)} s; pictures before that {Text.Fixed(result.ImageSeconds)} s; peak memory {Text.Bytes(result.PeakBytes)}; flatness {Text.Ratio(result.Flatness)}");
    }
}
