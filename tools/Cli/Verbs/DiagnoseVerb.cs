using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>Measures change rates of weight files, and of initializations made on the spot, on the same pictures.</summary>
internal sealed class DiagnoseVerb : Verb
{
    // Apart from what init draws, so that the same seed does not measure with the noise that the net was brought level with.
    private const uint OwnDraw = 1 << 17;

    private readonly NetChoice net;
    private readonly ImageChoice images;
    private readonly DeviceChoice device;
    private readonly Option<string[]> weights = new("--weights") { Description = $"Weight files: {ModelFormats.List(f => f.HoldsWeights)}.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string[]> methods = new Option<string[]>("--init")
    {
        Description = $"Initializations to compare with, made from the same pictures: {string.Join(", ", InitMethods.Names)}.",
        HelpName = "METHOD",
        AllowMultipleArgumentsPerToken = true,
    }.RequireOneOf(InitMethods.Names);
    private readonly Option<string[]> skip = new("--skip") { Description = "Layers to leave out of the files.", HelpName = "LAYER", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> strict = new("--strict") { Description = "Fail where a file has tensors that the net lacks." };
    private readonly Option<bool> noElements = new("--no-elements") { Description = "Do not measure single weights (quicker)." };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of the choice of pictures and of the random loss.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> report = new("--report") { Description = "Write the report's folder here.", HelpName = "DIR" };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document; for several files or methods with an array «runs»." };

    public DiagnoseVerb() : base("diagnose", "Measures how fast each layer of a net learns: change rate, its variation, and what the layer puts out.",
        "evennet diagnose caffenet --weights w.safetensors --images DIR --count 100", "evennet diagnose caffenet --weights a.safetensors b.safetensors --init gaussian xavier --images DIR --report compared")
    {
        net = new NetChoice(this);
        Add(weights);
        Add(methods);
        Add(skip);
        Add(strict);
        images = new ImageChoice(this, defaultCount: 100);
        Add(noElements);
        Add(seed);
        device = new DeviceChoice(this);
        Add(report);
        Add(json);
        Validators.Add(result =>
        {
            if (result.GetResult(weights) is null && result.GetResult(methods) is null) result.AddError("nothing to measure: give --weights FILE… or --init METHOD…");
        });
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        NetInfo info = net.Net(options, ui);
        string[] files = options.GetValue(weights) ?? [], names = options.GetValue(methods) ?? [], left = options.GetValue(skip) ?? [];
        ulong seed = options.GetValue(this.seed);
        foreach (string name in names.Where(n => InitMethods.Blind.Contains(n))) _ = InitMethods.BlindInit(name, info.Fills);
        int classes = net.Classes(options) ?? files.Select(f => Weights.Classes(f, info)).FirstOrDefault(c => c is not null) ?? info.Classes;
        if (options.GetValue(report) is { } place && File.Exists(place)) throw new ToolException(ExitCode.Data, $"the report's folder {place} is a file");

        using Backend backend = device.Open(options, ui);
        Graph graph = info.Graph(classes);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description} · seed {seed}");
        ui.Note("net", $"{info.Name}  {graph.Affine.Count()} learned layers  {Text.Count(graph.ParameterCount)} parameters  {classes} classes");
        Affordable.Require(graph, backend, images.Count(options));
        using var parameters = new ParameterSet(graph, backend);
        // A file that does not fit is told before the pictures are read.
        foreach (string file in files) Weights.Load(parameters, file, left, ui, strict: options.GetValue(strict));

        Shape input = PictureInput.Of(graph).Shape;
        Pictures pictures = images.Load(options, info, input, seed, device.Threads(options), ui, cancellation);
        var work = new Work(info, classes, seed, parameters, pictures, new ChangeRates { Elements = !options.GetValue(noElements), Draw = OwnDraw }, ui, cancellation);
        var runs = new List<Measured>();
        foreach (string file in files)
        {
            if (files.Length > 1) Weights.Read(parameters, file, left, options.GetValue(strict));
            runs.Add(work.Measure(file, null, []));
        }
        foreach (string name in names) runs.Add(work.Measure(null, name, work.Make(name).Notes));

        if (options.GetValue(report) is { } folder) ui.Note("wrote", RunFolder.Write(folder, Page(work, options, runs, clock)));
        if (options.GetValue(json)) ui.Raw(Json(work, runs, clock));
        else Print(runs, options.GetValue(report), ui);
        return ExitCode.Ok;
    }

    private static string Json(Work work, List<Measured> runs, Stopwatch clock) => runs.Count == 1
        ? ToolJson.Write(runs[0].Result with { Seconds = clock.Elapsed.TotalSeconds })
        : ToolJson.Write(new DiagnoseResults(
            work.Net.Name, work.Pictures.Count, work.Seed, work.Parameters.Backend.Description, clock.Elapsed.TotalSeconds, [.. runs.Select(r => r.Result)]));

    private static RunReport Page(Work work, ParseResult options, List<Measured> runs, Stopwatch clock) => new()
    {
        Title = $"{work.Net.Name}, {string.Join(", ", runs.Select(r => r.Report.Name))}",
        Command = Reporting.Command(options),
        Device = work.Parameters.Backend.Description,
        Seed = (long)work.Seed,
        Versions = Reporting.Versions,
        Settings = [new("net", work.Net.Name), new("pictures", work.Pictures.Description)],
        Timings = [new("all", clock.Elapsed.TotalSeconds)],
        Notes = [.. work.Pictures.Notes],
        Methods = [.. runs.Select(r => r.Report)],
    };

    private static void Print(List<Measured> runs, string? report, Ui ui)
    {
        if (runs.Count == 1)
        {
            ui.Result(RateTables.One(runs[0].Result.Layers));
            ui.Result();
            RateTables.PrintFlatness(runs[0].Result.Flatness, ui);
        }
        else
        {
            ui.Result(RateTables.SideBySide([.. runs.Select(r => (r.Report.Name, r.Result.Layers, r.Result.Flatness))]));
            ui.Note("", "rate and its coefficient of variation; flatness is the largest over the smallest layer rate, 1 is even");
        }
        foreach (Measured run in runs)
            foreach (FallbackResult f in run.Result.Fallbacks) ui.Warn($"{run.Report.Name}, {f.Layer}: {f.Message}");
        ui.Note("next", report is not null ? $"evennet report {Text.Quoted(report)} OTHER_RUNS -o compared.html" : "the same with --report DIR for a page with figures");
    }

    private sealed record Measured(DiagnoseResult Result, MethodReport Report);

    // What all measurements share.
    private sealed record Work(
        NetInfo Net, int Classes, ulong Seed, ParameterSet Parameters, Pictures Pictures, ChangeRates Rates, Ui Ui, CancellationToken Cancellation)
    {
        public InitReport Make(string method)
        {
            var chosen = new InitOptions { Method = method, Fills = Net.Fills, Seed = Seed, Elements = false };
            return Ui.Track(progress => Initializer.Run(Parameters, Pictures.Data, Pictures.Count, chosen, progress, Cancellation));
        }

        public Measured Measure(string? file, string? method, IReadOnlyList<InitNote> notes)
        {
            var clock = Stopwatch.StartNew();
            ChangeRateReport found = Ui.Track(progress => Rates.Measure(Parameters, Pictures.Data, Pictures.Count, Seed, progress, Cancellation));
            Weights.RequireFinite(Parameters, found);
            InitNote[] all = [.. notes, .. ZeroLayers(Parameters)];
            var result = new DiagnoseResult(
                Net.Name, Classes, file, method, Pictures.Count, Pictures.Loaded.Distinct, Seed, Parameters.Backend.Description, clock.Elapsed.TotalSeconds,
                [.. found.Layers.Select(l => LayerResult.Of(l, method))], found.Flatness, [.. all.Select(n => new FallbackResult(n.Layer, n.Kind, n.Message))]);
            return new Measured(result, Reporting.Method(method ?? Path.GetFileName(file!), found, all, Parameters, functionChange: null));
        }

        // A classifier of zeros lets no gradient through, so nothing below it can be measured.
        private static IEnumerable<InitNote> ZeroLayers(ParameterSet parameters)
        {
            foreach (Node node in parameters.Graph.Affine.Where(n => n.Layer.SharedWith is null))
            {
                if (parameters.Backend.SquaredNorm(parameters.Weight(node).Values) == 0)
                    yield return new InitNote(node.Name, "zero-weights", "all weights are zero, so it has no rate, and no gradient reaches the layers below it; measure before the classifier is zeroed");
            }
        }
    }
}
