using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>The main job: all weights of a net from unlabelled pictures, the proof, the files.</summary>
internal sealed class InitVerb : Verb
{
    private const string Example = "evennet init caffenet --images DIR";

    private readonly NetChoice net;
    private readonly ImageChoice images;
    private readonly MethodChoice method;
    private readonly DeviceChoice device;
    private readonly OutputChoice output;
    private readonly Option<string?> weights = new("--weights") { Description = "Rescale this file's net instead; layers that are all zero get new weights.", HelpName = "FILE" };
    private readonly Option<string[]> skip = new("--skip") { Description = "With --weights: layers to leave out of the file and make anew.", HelpName = "LAYER", AllowMultipleArgumentsPerToken = true };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => 1 };

    public InitVerb() : base("init", "Sets all weights of a net from pictures so that every layer learns at the same rate, proves it, and saves weights and report.",
        $"{Example} --method kmeans --out caffenet.safetensors", $"{Example} --method pca --count 160 --seed 1 --json", $"{Example} --weights trained.safetensors --out rescaled.safetensors")
    {
        net = new NetChoice(this);
        images = new ImageChoice(this, defaultCount: 160);
        method = new MethodChoice(this);
        Add(weights);
        Add(skip);
        Add(seed);
        device = new DeviceChoice(this);
        output = new OutputChoice(this);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        NetInfo info = net.Net(options);
        string? from = options.GetValue(weights);
        ulong seed = options.GetValue(this.seed);
        InitOptions chosen = method.Options(options, info, seed, keepExisting: from is not null);
        output.Check(options);
        int classes = net.Classes(options) ?? (from is null ? null : Weights.Classes(from, info)) ?? info.Classes;

        using Backend backend = device.Open(options);
        Graph graph = info.Graph(classes);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description} · seed {seed}");
        ui.Note("net", $"{info.Name}  {graph.Affine.Count()} learned layers  {Text.Count(graph.ParameterCount)} parameters  {classes} classes");
        Affordable.Require(graph, backend, images.Count(options));
        using var parameters = new ParameterSet(graph, backend);
        if (from is not null) Weights.Load(parameters, from, options.GetValue(skip) ?? [], ui);

        Node input = graph.Nodes.Single(n => n.Layer is Input);
        Pictures pictures = images.Load(options, info, input.Shape, seed, device.Threads(options), ui, cancellation);
        var timings = new List<TimingResult> { new("images", clock.Elapsed.TotalSeconds) };
        InitReport report = ui.Track(progress => Initializer.Run(parameters, pictures.Data, pictures.Count, chosen, progress, cancellation));
        Weights.RequireFinite(parameters, report.Rates);
        timings.AddRange(report.Times.Select(t => new TimingResult(t.Stage, t.Seconds)));

        double start = clock.Elapsed.TotalSeconds;
        string? file = output.Weights(options);
        if (file is not null) Checkpoint.Save(parameters, file, Weights.Metadata(info.Name, classes, report.Method, report.Between, seed), cancellation);
        string? page = null;
        if (output.Report(options) is { } folder)
        {
            page = RunFolder.Write(folder, Report(info, report, pictures, parameters, backend, options, seed, timings));
        }
        if (file is not null || page is not null) timings.Add(new("writing", clock.Elapsed.TotalSeconds - start));

        var result = new InitResult
        {
            Net = info.Name,
            Classes = classes,
            Method = report.Method,
            Between = report.Between,
            Within = chosen.Within && report.Within is not null,
            StartedFrom = from,
            Images = report.Images,
            DistinctImages = pictures.Loaded.Distinct,
            Skipped = [.. pictures.Loaded.Skipped.Select(s => new SkippedResult(s.Path, s.Reason))],
            Seed = seed,
            Device = backend.Description,
            Seconds = clock.Elapsed.TotalSeconds,
            Layers = [.. report.Rates.Layers.Select(l => LayerResult.Of(l, How(report, l.Name)))],
            Flatness = report.Rates.Flatness,
            FunctionChange = report.FunctionChange,
            Fallbacks = [.. report.Notes.Select(n => new FallbackResult(n.Layer, n.Kind, n.Message))],
            Timings = timings,
            PeakBytes = PeakBytes(),
            WeightsFile = file,
            Report = page,
        };
        if (output.IsJson(options)) ui.Raw(ToolJson.Write(result));
        else Print(result, images.Arguments(options), ui);
        return ExitCode.Ok;
    }

    // Blind methods make all layers in one way, the others say for each how it was made.
    private static string How(InitReport report, string layer) =>
        report.Within?.Layers.FirstOrDefault(l => l.Layer == layer)?.Method ?? report.Method;

    private static long PeakBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private static RunReport Report(
        NetInfo info, InitReport report, Pictures pictures, ParameterSet parameters, Backend backend, ParseResult options, ulong seed, List<TimingResult> timings) => new()
        {
            Title = $"{info.Name}, {report.Method}, {report.Images} pictures",
            Command = Reporting.Command(options),
            Device = backend.Description,
            Seed = (long)seed,
            Versions = Reporting.Versions,
            Settings =
        [
            new("net", $"{info.Name}, {Text.Count(parameters.Graph.ParameterCount)} parameters"), new("pictures", pictures.Description),
            new("method", report.Method), new("between layers", report.Between), new("within layers", report.Within is null ? "no" : "yes"),
        ],
            Timings = [.. timings.Select(t => new Timing(t.Name, t.Seconds))],
            Notes = [.. pictures.Notes],
            Methods = [Reporting.Method(report.Method, report.Rates, report.Notes, parameters, report.Rescaling is null ? null : report.FunctionChange)],
        };

    private static void Print(InitResult result, string pictures, Ui ui)
    {
        ui.Result(RateTables.One(result.Layers));
        ui.Result();
        RateTables.PrintFlatness(result.Flatness, ui);
        if (result.Between != "none") ui.Result("function", $"rescaling changed the outputs by at most {Text.Rate(result.FunctionChange)} (relative)");
        foreach (FallbackResult f in result.Fallbacks) ui.Warn($"{f.Layer}: {f.Message}");
        ui.Note("time", $"{string.Join(", ", result.Timings.Select(t => $"{t.Name} {Text.Duration(t.Seconds)}"))}; {Text.Duration(result.Seconds)} in all; peak memory {Text.Bytes(result.PeakBytes)}");
        if (result.WeightsFile is { } file)
        {
            ui.Note("wrote", $"{file} ({Text.Bytes(new FileInfo(file).Length)})");
            if (result.Report is { } page) ui.Note("wrote", $"{page} (open it: change rates, activations, filters)");
            ui.Note("next", $"evennet diagnose {result.Net} --weights {Text.Quoted(file)} {pictures} --count 100 --seed 2");
        }
        else
        {
            if (result.Report is { } page) ui.Note("wrote", $"{page} (open it: change rates, activations, filters)");
            ui.Note("weights", "not kept, because no --out was given");
            ui.Note("next", $"evennet init {result.Net} {pictures} --method {result.Method} --out {result.Net}.safetensors");
        }
    }
}
