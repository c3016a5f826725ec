using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>The main job on the bundled photographs: three initializations of a small net side by side, a short training of each, the report.</summary>
internal sealed class DemoVerb : Verb
{
    private const string NetName = "caffenet-mini", RunName = "run.json";

    private readonly Option<bool> quick = new("--quick") { Description = "Fewer crops and iterations: some seconds." };
    private readonly Option<string?> output = new("--out", "-o") { Description = "The folder to write; runs/<date and time>-demo by default.", HelpName = "DIR" };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly DeviceChoice device;
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public DemoVerb() : base("demo", "Initializes a small net in three ways on bundled photographs, compares how evenly its layers learn, trains each briefly, writes a report.",
        "evennet demo", "evennet demo --quick --out try")
    {
        Add(quick);
        Add(output);
        Add(seed);
        device = new DeviceChoice(this);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        bool isQuick = options.GetValue(quick);
        ulong seed = options.GetValue(this.seed);
        string folder = options.GetValue(output) ?? Path.Combine("runs", $"{DateTime.Now.ToString("yyyy-MM-dd-HHmmss", CultureInfo.InvariantCulture)}-demo");
        if (File.Exists(folder)) throw new ToolException(ExitCode.Data, $"--out {folder} is a file; name a folder");
        int count = isQuick ? 48 : 160;
        var training = new BriefTraining(isQuick ? 30 : 150, Rate: 0.002f);

        using Backend backend = device.Open(options, ui);
        NetInfo info = Nets.Find(NetName);
        Crops crops = OpenCrops(info, seed);
        Graph graph = Classifier(info, crops.Photographs);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description} · seed {seed}");
        ui.Note("data", $"{count} crops from {crops.Photographs} bundled photographs (public domain); evennet init … --images DIR for your own");
        ui.Note("net", $"{info.Name}  {graph.Affine.Count()} learned layers  {Text.Count(graph.ParameterCount)} parameters");
        float[] images = crops.Load(0, count, cancellation);

        var runs = new List<(DemoRun Result, MethodReport Report)>();
        foreach ((string name, InitOptions chosen) in Methods(info, seed))
            runs.Add(ui.Track(progress => Try(name, chosen, graph, backend, images, count, crops, training, progress, cancellation)));

        string page = Write(folder, info, crops, count, training, backend, options, seed, clock, [.. runs.Select(r => r.Report)]);
        var result = new DemoResult(
            info.Name, crops.Photographs, count, seed, backend.Description, clock.Elapsed.TotalSeconds, training.Iterations, training.Rate, [.. runs.Select(r => r.Result)], page);
        AtomicFile.WriteText(Path.Combine(folder, RunName), ToolJson.Write(result), CancellationToken.None);
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(result));
        else Print(result, ui);
        return ExitCode.Ok;
    }

    // The plain Gaussian of its time, the usual random fill, and the paper's.
    private static IEnumerable<(string Name, InitOptions Options)> Methods(NetInfo info, ulong seed) =>
    [
        ("gaussian 0.01", new InitOptions { Method = "gaussian", Within = false, Between = "none", Seed = seed, Fills = info.Fills }),
        ("xavier", new InitOptions { Method = "xavier", Between = "none", Seed = seed, Fills = info.Fills }),
        ("kmeans + scaling", new InitOptions { Method = "kmeans", Between = "scale-layers", Seed = seed, Fills = info.Fills }),
    ];

    private static Graph Classifier(NetInfo info, int classes) => Graph.Of(info.Outputs(classes)[^1].SoftmaxLoss(Node.Input("label", 1)));

    private static Crops OpenCrops(NetInfo info, ulong seed)
    {
        IReadOnlyList<string> files = Photographs.Files;
        if (files.Count < 2) throw new ToolException(ExitCode.Data, $"the bundled photographs are missing in {Photographs.Folder}; build or install the tool again");
        var open = new ImageFiles();
        Shape input = info.Graph().Nodes.Single(n => n.Layer is Input).Shape;
        var transform = new ImageTransform(input) { Mean = new BgrMean(info.Mean.Blue, info.Mean.Green, info.Mean.Red) };
        return new Crops([.. files.Select(open.Open)], transform, seed);
    }

    private static (DemoRun, MethodReport) Try(
        string name, InitOptions chosen, Graph graph, Backend backend, float[] images, int count, Crops crops, BriefTraining training,
        IProgress<InitProgress> progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var parameters = new ParameterSet(graph, backend);
        InitReport made = Initializer.Run(parameters, images, count, chosen, progress, cancellation);
        double initSeconds = clock.Elapsed.TotalSeconds;
        // Before the training, which changes the filters.
        MethodReport report = Reporting.Method(name, made.Rates, made.Notes, parameters, made.Rescaling is null ? null : made.FunctionChange);
        IReadOnlyList<double> losses = training.Run(parameters, crops, name, progress, cancellation);
        double final = BriefTraining.Final(losses);
        string told = double.IsFinite(final) ? $"loss {Text.Fixed(final)} after {losses.Count} iterations of training" : $"training diverged at iteration {losses.Count}";
        var result = new DemoRun(
            name, made.Method, made.Between, [.. made.Rates.Layers.Select(l => LayerResult.Of(l, made.Within?.Layers.FirstOrDefault(w => w.Layer == l.Name)?.Method ?? made.Method))],
            made.Rates.Flatness, made.FunctionChange, [.. made.Notes.Select(n => new FallbackResult(n.Layer, n.Kind, n.Message))],
            initSeconds, clock.Elapsed.TotalSeconds - initSeconds, final, losses);
        return (result, report with { Notes = [told] });
    }

    private static string Write(
        string folder, NetInfo info, Crops crops, int count, BriefTraining training, Backend backend, ParseResult options, ulong seed, Stopwatch clock,
        IReadOnlyList<MethodReport> methods) => RunFolder.Write(folder, new RunReport
        {
            Title = $"demo: {info.Name}, {count} crops of {crops.Photographs} photographs",
            Command = Reporting.Command(options),
            Device = backend.Description,
            Seed = (long)seed,
            Versions = Reporting.Versions,
            Settings =
            [
                new("net", $"{info.Name}, {crops.Photographs} classes"), new("pictures", $"{count} crops of the bundled photographs"),
                new("training", string.Create(CultureInfo.InvariantCulture, $"{training.Iterations} iterations, batch {training.Batch}, learning rate {training.Rate}")),
            ],
            Timings = [new("all", clock.Elapsed.TotalSeconds)],
            Methods = methods,
        });

    private static void Print(DemoResult result, Ui ui)
    {
        ui.Result(RateTables.SideBySide([.. result.Runs.Select(r => (r.Name, r.Layers, r.Flatness))]));
        ui.Result();
        ui.Result("", "rate of change and its coefficient of variation; flatness: largest over smallest rate, 1 is even");
        ui.Result("function", $"rescaling changed the outputs by at most {Text.Rate(result.Runs[^1].FunctionChange)} (relative)");
        string losses = string.Join(" · ", result.Runs.Select(r => $"{r.Name} {(double.IsFinite(r.FinalLoss) ? Text.Fixed(r.FinalLoss) : "diverged")}"));
        ui.Result("training", $"{result.Iterations} iterations of SGD to tell the {result.Photographs} photographs apart;");
        ui.Result("", $"loss at the end ({Text.Fixed(Math.Log(result.Photographs))} is chance): {losses}");
        foreach (DemoRun run in result.Runs)
            foreach (FallbackResult f in run.Fallbacks) ui.Warn($"{run.Name}, {f.Layer}: {f.Message}");
        ui.Note("time", Text.Duration(result.Seconds));
        ui.Note("wrote", $"{result.Report} (open it: change rates, filters)");
        ui.Note("next", $"evennet init caffenet --images YOUR_PHOTOS --method kmeans --out caffenet.safetensors");
    }
}
