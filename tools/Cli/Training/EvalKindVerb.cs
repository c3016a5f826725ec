using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Judges a net on one kind of data.</summary>
internal sealed class EvalKindVerb : Verb
{
    // What an evaluation takes over from the run that made the weights.
    private static readonly string[] Inherited = ["net", "input-size", "mean", "scale", "no-mirror", "year", "test-split", "seed"];

    private readonly TrainingKind kind;
    private readonly TrainingOptionSet set;
    private readonly TrainingData data;
    private readonly Option<string> weights, net;
    private readonly Option<Shape?> inputSize;
    private readonly Option<int> batch;
    private readonly Option<ulong> seed;
    private readonly Option<string?> output = new("--out", "-o") { Description = "Write all figures and curves here (JSON).", HelpName = "FILE" };
    private readonly Option<int> workers = new("--workers") { Description = "Threads that decode; 0 means one per processor.", HelpName = "N" };
    private readonly DeviceChoice device;
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public EvalKindVerb(TrainingKind kind) : base(kind.Name, $"Judges on {kind.Place[..1].ToLowerInvariant()}{kind.Place[1..].TrimEnd('.')}.",
        $"evennet eval {kind.Name} --{kind.Name} {(kind.IsFile ? "FILE" : "DIR")} --weights runs/RUN", $"evennet eval {kind.Name} --{kind.Name} {(kind.IsFile ? "FILE" : "DIR")} --weights w.safetensors --net {kind.Default("net")} --json")
    {
        this.kind = kind;
        set = new TrainingOptionSet(this, kind);
        data = new TrainingData(set, isEvaluation: true);
        weights = set.Add<string>("weights", "A run's folder, RUN/best, or a weight file.", "FILE");
        net = set.Add<string>("net", $"The net, where the file does not say: a name, or a file that describes one: {ModelFormats.List(f => f.HoldsNet)}.", "NAME|FILE").RequireOneOf([.. Nets.All.Select(n => n.Name)], ModelFormats.IsFile);
        inputSize = set.Add<Shape?>("input-size", NetChoice.SizeDescription, "C,H,W");
        inputSize.CustomParser = NetChoice.ParseSize;
        batch = set.Add<int>("batch", "Inputs at a time.", "N");
        seed = set.Add<ulong>("seed", "Of random views.", "N");
        data.Place.Required = weights.Required = true;
        batch.RequireAtLeast(1);
        workers.RequireAtLeast(0);
        Add(output);
        Add(workers);
        device = new DeviceChoice(this);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        string file = CheckpointFolder.Resolve(options.GetRequiredValue(weights));
        IReadOnlyDictionary<string, string> metadata = (ModelFormats.Find(file) ?? new SafetensorsFormat()).Metadata(file);
        Dictionary<string, string> settings = Settings(options, file, metadata);
        ParseResult full = set.Parse(settings);

        NetInfo info = NetSource.Of(full.GetRequiredValue(net), new NetReading(ui.Warn) { InputSize = full.GetValue(inputSize) }).Info;
        Shape input = PictureInput.Of(info.Graph()).Shape;
        using var jpeg = new JpegDecoder();
        Dataset judged = data.OpenJudged(full, new ImageFiles(jpeg), metadata.TryGetValue(Weights.LabelsKey, out string? labels) ? labels.Split('\n') : null);
        if (input.Channels == 1) judged = judged.InGrey();
        Augmentation augmentation = data.Test(full, data.Training(full, judged, input, info), isFinal: true);
        judged = data.Chosen(full, judged);

        using Backend backend = device.Open(options, ui);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description}");
        ui.Note("data", $"{judged}");
        int views = augmentation.Views, samples = Math.Min(judged.Count, Math.Max(1, full.GetValue(batch) / views));
        Node scores = TrainedNet.ScoresOf(info.Outputs(judged.Classes.Count)[^1]);
        using var parameters = new ParameterSet(Graph.Of(scores), backend);
        LoadMain(parameters, file, info, ui);
        using var evaluator = new Evaluator(parameters, scores, new DataLoader(judged, augmentation, LoaderOptions.Once(samples, full.GetValue(seed)) with { Workers = options.GetValue(workers) }));
        Evaluation found = ui.Track(progress => evaluator.Run(new FractionProgress(f => progress.Report(new InitProgress("judging", $"{f * judged.Count:F0} of {judged.Count}", f))), cancellation));
        if (options.GetValue(output) is { } place)
        {
            int? iteration = metadata.ContainsKey(CheckpointFolder.IterationKey) ? CheckpointFolder.IterationOf(file) : null;
            (EvaluationRecord.Of(found) with { Iteration = iteration, Weights = file }).Write(place);
        }
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(EvalResult.Of(found, file, info.Name)));
        else EvaluationTables.Print(found, ui);
        return ExitCode.Ok;
    }

    private Dictionary<string, string> Settings(ParseResult options, string file, IReadOnlyDictionary<string, string> metadata)
    {
        Dictionary<string, string> given = TrainingSettings.Given(options, set);
        if (RunSearch.RunOf(file) is { } run && run.Settings.GetValueOrDefault("data") == kind.Name)
            foreach (string name in Inherited)
                if (run.Settings.TryGetValue(name, out string? value) && value != TrainingData.NoTest) given.TryAdd(name, value);
        if (metadata.TryGetValue(Weights.NetKey, out string? made)) given.TryAdd("net", made);
        return TrainingSettings.Complete(given, set);
    }

    // A file of a net with auxiliary classifiers holds more than the main one needs.
    private static void LoadMain(ParameterSet parameters, string file, NetInfo info, Ui ui)
    {
        if (info.Outputs(info.Classes).Count == 1)
        {
            Weights.Load(parameters, file, [], ui, "use --net for the net that the weights are of, and data with the classes that it was trained on", strict: ModelFormats.Find(file) is not { HoldsNet: true });
            return;
        }
        CheckpointReport report = Weights.Read(parameters, file, [], strict: false);
        if (report.Missing.Count > 0) throw new ToolException(ExitCode.Data, $"{file} lacks {string.Join(", ", report.Missing)} of {info.Name}");
        ui.Note("weights", $"{report.Loaded.Count} tensors from {file}");
    }
}
