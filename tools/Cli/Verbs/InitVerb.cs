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
    private readonly Option<bool> strict = new("--strict") { Description = "With --weights: fail where the file lacks a layer or has others." };
    private readonly Option<bool> rescaleOnly = new("--rescale-only") { Description = "With --weights: keep all layers that the file has but for their scale, make those it lacks from the pictures, and show the change rates before and after." };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => 1 };

    public InitVerb() : base("init", "Sets all weights of a net from pictures so that every layer learns at the same rate, proves it, and saves weights and report.",
        $"{Example} --method kmeans --out caffenet.safetensors", $"{Example} --method pca --count 160 --seed 1 --json", $"{Example} --weights trained.safetensors --out rescaled.safetensors")
    {
        net = new NetChoice(this);
        images = new ImageChoice(this, defaultCount: 160);
        method = new MethodChoice(this);
        Add(weights);
        Add(skip);
        Add(strict);
        Add(rescaleOnly);
        Add(seed);
        device = new DeviceChoice(this);
        output = new OutputChoice(this);
        Validators.Add(result =>
        {
            if (result.GetResult(rescaleOnly) is not null && result.GetResult(weights) is null) result.AddError("--rescale-only needs the weights to rescale: --weights FILE");
        });
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        NetInfo info = net.Net(options, ui);
        string? from = options.GetValue(weights);
        InitOptions chosen = method.Options(options, info, options.GetValue(seed), keepExisting: from is not null);
        output.Check(options);
        int classes = net.Classes(options) ?? (from is null ? null : Weights.Classes(from, info)) ?? info.Classes;

        using Backend backend = device.Open(options, ui);
        Graph graph = info.Graph(classes);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description} · seed {chosen.Seed}");
        ui.Note("net", $"{info.Name}  {graph.Affine.Count()} learned layers  {Text.Count(graph.ParameterCount)} parameters  {classes} classes");
        Affordable.Require(graph, backend, images.Count(options));
        using var parameters = new ParameterSet(graph, backend);
        bool isRescaling = options.GetValue(rescaleOnly);
        if (from is not null) Weights.Load(parameters, from, options.GetValue(skip) ?? [], ui, strict: options.GetValue(strict) || !isRescaling, mayLack: isRescaling);

        Shape input = PictureInput.Of(graph).Shape;
        Pictures pictures = images.Load(options, info, input, chosen.Seed, device.Threads(options), ui, cancellation);
        var timings = new List<TimingResult> { new("images", clock.Elapsed.TotalSeconds) };
        ChangeRateReport? before = isRescaling ? RatesBefore(parameters, pictures, chosen, ui, cancellation) : null;
        if (before is not null) timings.Add(new("measuring before", clock.Elapsed.TotalSeconds - timings[0].Seconds));
        InitReport report = ui.Track(progress => Initializer.Run(parameters, pictures.Data, pictures.Count, chosen, progress, cancellation));
        Weights.RequireFinite(parameters, report.Rates);
        timings.AddRange(report.Times.Select(t => new TimingResult(t.Stage, t.Seconds)));

        var made = new Made(info, classes, chosen, from, parameters, pictures, before, report, timings, clock, ui.Warn);
        string? page = Write(made, options, cancellation);
        InitResult result = Result(made, output.Weights(options), page);
        if (output.IsJson(options)) ui.Raw(ToolJson.Write(result));
        else Print(result, images.Arguments(options), ui);
        return ExitCode.Ok;
    }

    // Layers of zeros let no gradient through, so nothing can be measured before they are made.
    private static ChangeRateReport? RatesBefore(ParameterSet parameters, Pictures pictures, InitOptions chosen, Ui ui, CancellationToken cancellation)
    {
        if (parameters.Graph.Affine.FirstOrDefault(n => n.Layer.SharedWith is null && parameters.Backend.SquaredNorm(parameters.Weight(n).Values) == 0) is { } zero)
        {
            ui.Warn($"{zero.Name} is new, so the rates of the file's net cannot be measured before");
            return null;
        }
        return ui.Track(progress => new ChangeRates { Elements = chosen.Elements }.Measure(parameters, pictures.Data, pictures.Count, chosen.Seed, progress, cancellation));
    }

    // Weights first: from then on an interruption comes too late. Returns the report's page.
    private string? Write(Made made, ParseResult options, CancellationToken cancellation)
    {
        double start = made.Clock.Elapsed.TotalSeconds;
        string? file = output.Weights(options), folder = output.Report(options);
        InitReport report = made.Report;
        if (file is not null && ModelFormats.Find(file) is { CanWrite: true } format and not SafetensorsFormat)
            format.Write(made.Parameters, file, new ModelWriting(made.Net with { Classes = made.Classes }, FoldScale: false, made.Note), cancellation);
        else if (file is not null) Checkpoint.Save(made.Parameters, file, Weights.Metadata(made.Net.Name, made.Classes, report.Method, report.Between, made.Options.Seed), cancellation);
        string? page = folder is null ? null : RunFolder.Write(folder, Page(made, options));
        if (file is not null || page is not null) made.Timings.Add(new("writing", made.Clock.Elapsed.TotalSeconds - start));
        return page;
    }

    private static InitResult Result(Made made, string? file, string? page) => new()
    {
        Net = made.Net.Name,
        Classes = made.Classes,
        Method = made.Report.Method,
        Between = made.Report.Between,
        Within = made.Options.Within && made.Report.Within is not null,
        StartedFrom = made.From,
        Images = made.Report.Images,
        DistinctImages = made.Pictures.Loaded.Distinct,
        Skipped = [.. made.Pictures.Loaded.Skipped.Select(s => new SkippedResult(s.Path, s.Reason))],
        Seed = made.Options.Seed,
        Device = made.Parameters.Backend.Description,
        Seconds = made.Clock.Elapsed.TotalSeconds,
        Before = made.Before is null ? null : [.. made.Before.Layers.Select(l => LayerResult.Of(l))],
        FlatnessBefore = made.Before?.Flatness,
        Layers = [.. made.Report.Rates.Layers.Select(l => LayerResult.Of(l, How(made.Report, l.Name)))],
        Variances = made.Report.Lsuv is { } lsuv ? [.. lsuv.Layers.Select(l => new VarianceResult(l.Layer, l.VarianceBefore, l.Variance, l.Updates))] : null,
        Flatness = made.Report.Rates.Flatness,
        FunctionChange = made.Report.FunctionChange,
        Fallbacks = [.. made.Report.Notes.Select(n => new FallbackResult(n.Layer, n.Kind, n.Message))],
        Timings = made.Timings,
        PeakBytes = ProcessMemory.PeakBytes,
        WeightsFile = file,
        Report = page,
    };

    // Blind methods make all layers in one way, the others say for each how it was made.
    private static string How(InitReport report, string layer) =>
        report.Within?.Layers.FirstOrDefault(l => l.Layer == layer)?.Method ?? report.Method;

    private static RunReport Page(Made made, ParseResult options) => new()
    {
        Title = $"{made.Net.Name}, {made.Report.Method}, {made.Report.Images} pictures",
        Command = Reporting.Command(options),
        Device = made.Parameters.Backend.Description,
        Seed = (long)made.Options.Seed,
        Versions = Reporting.Versions,
        Settings =
        [
            new("net", $"{made.Net.Name}, {Text.Count(made.Parameters.Graph.ParameterCount)} parameters"), new("pictures", made.Pictures.Description),
            new("method", made.Report.Method), new("between layers", made.Report.Between), new("within layers", made.Report.Within is null ? "no" : "yes"),
        ],
        Timings = [.. made.Timings.Select(t => new Timing(t.Name, t.Seconds))],
        Notes = [.. made.Pictures.Notes],
        Methods = [Reporting.Method(made.Report.Method, made.Report.Rates, made.Report.Notes, made.Parameters, made.Report.Rescaling is null ? null : made.Report.FunctionChange)],
    };

    private static void Print(InitResult result, string pictures, Ui ui)
    {
        ui.Result(result.Before is { } before ? RateTables.SideBySide([("before", before, result.FlatnessBefore!.Value), ("after", result.Layers, result.Flatness)]) : RateTables.One(result.Layers));
        ui.Result();
        if (result.Variances is { } variances)
        {
            var table = new TextTable("layer", "variance before", "after", "updates");
            foreach (VarianceResult v in variances) table.Add(v.Name, Text.Ratio(v.Before), Text.Fixed(v.After, 4), $"{v.Updates}");
            ui.Result(table);
            ui.Result();
        }
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

    // All that came of the work.
    private sealed record Made(
        NetInfo Net, int Classes, InitOptions Options, string? From, ParameterSet Parameters, Pictures Pictures, ChangeRateReport? Before, InitReport Report, List<TimingResult> Timings, Stopwatch Clock, Action<string> Note);
}
