using System.CommandLine;
using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Trains a net on one kind of data.</summary>
internal sealed class TrainKindVerb : Verb
{
    private const string KindSetting = "data";

    private readonly TrainingOptionSet set;
    private readonly Option<string> runs = new("--runs") { Description = "The folder of all runs; each gets a folder in it.", HelpName = "DIR", DefaultValueFactory = _ => "runs" };
    private readonly Option<string?> name = new("--name") { Description = "What to call the run; by default net, data and initialization.", HelpName = "TEXT" };
    private readonly Option<string?> resume = new("--resume") { Description = "Go on with a run: «last», or its folder. Its settings hold; of the others only those that change no step may be given.", HelpName = "RUN" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "One step, one batch of the judgement, a checkpoint saved and loaded; then nothing is left behind." };
    private readonly Option<bool> findRate = new("--find-rate") { Description = "Look for a learning rate with steps of growing rates, print the losses, and train nothing." };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public TrainKindVerb(TrainingKind kind) : base(kind.Name, $"Trains on {kind.Place[..1].ToLowerInvariant()}{kind.Place[1..].TrimEnd('.')}. The defaults are those of {kind.Protocol}.",
        $"evennet train {kind.Name} --{kind.Name} {(kind.IsFile ? "FILE" : "DIR")} --net {kind.Default("net")} --init kmeans", $"evennet train {kind.Name} --{kind.Name} {(kind.IsFile ? "FILE" : "DIR")} --iterations 400 --dry-run", $"evennet train {kind.Name} --resume last")
    {
        Kind = kind;
        set = new TrainingOptionSet(this, kind);
        Data = new TrainingData(set);
        Start = new StartChoice(set);
        Solver = new SolverChoice(set);
        Depth = new DepthChoice(set);
        Course = new RunChoice(set);
        Add(resume);
        Add(runs);
        Add(name);
        Add(dryRun);
        Add(findRate);
        Workers = Add(new Option<int>("--workers") { Description = "Threads that decode; 0 means one per processor. Changes nothing but the speed.", HelpName = "N" });
        Workers.RequireAtLeast(0);
        Device = new DeviceChoice(this);
        Add(json);
        Validators.Add(result =>
        {
            if (result.GetResult(Data.Place) is null && result.GetResult(resume) is null) result.AddError($"no data: give --{kind.Name} {(kind.IsFile ? "FILE" : "DIR")}, or --resume RUN to go on with a run");
            if (result.GetResult(dryRun) is not null && result.GetResult(findRate) is not null) result.AddError("--dry-run and --find-rate exclude each other");
            if (result.GetResult(name) is not null && result.GetResult(resume) is not null) result.AddError("--name: a resumed run keeps its name");
        });
    }

    public TrainingKind Kind { get; }

    public TrainingData Data { get; }

    public StartChoice Start { get; }

    public SolverChoice Solver { get; }

    public DepthChoice Depth { get; }

    public RunChoice Course { get; }

    public Option<int> Workers { get; }

    public DeviceChoice Device { get; }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        RunFiles? files = options.GetValue(resume) is { } which ? RunSearch.Find(which, options.GetRequiredValue(runs)) : null;
        // Before anything of the run is read: another process may be about to change it.
        using RunLock? held = files is null ? null : RunLock.Take(files.Folder);
        RunRecord? record = files is null ? null : RunRecord.Read(files.Folder);
        Dictionary<string, string> settings = Settings(options, files, record, ui);
        string? checkpoint = files is null ? null : RunSearch.Recover(files, ui);
        ParseResult full = Full(settings);
        using TrainingSession session = TrainingSession.Open(this, options, full, settings, checkpoint, ui, cancellation);
        if (options.GetValue(findRate)) return FindRate(session, full, options, ui, cancellation);
        if (options.GetValue(dryRun)) return new TrainingCheck(session).Run(ui, cancellation);
        session.Evaluator?.Try();
        string called = options.GetValue(name) ?? $"{Path.GetFileNameWithoutExtension(session.Info.Name)}-{Kind.Name}-{full.GetValue(Start.Init)}";
        files ??= RunFiles.Create(options.GetRequiredValue(runs), called, DateTimeOffset.Now);
        using RunLock? own = held is null ? RunLock.Take(files.Folder) : null;
        return new TrainingConduct(this, session, files, (record ?? Record(called, settings, session)) with { Settings = settings }, Reporting.Command(options)).Run(ui, options.GetValue(json), cancellation);
    }

    /// <summary>Begins a run with these settings in a folder of its own, or goes on with it.</summary>
    public int Conduct(Dictionary<string, string> settings, RunFiles files, string title, string[] device, int workers, Ui ui, CancellationToken cancellation)
    {
        // A run that can't be opened leaves no folder.
        bool isBegun = File.Exists(files.Record);
        using RunLock? going = isBegun ? RunLock.Take(files.Folder) : null;
        ParseResult machine = Parse([Data.Place.Name, settings[Kind.Name], Workers.Name, workers.ToString(CultureInfo.InvariantCulture), .. device]);
        string? checkpoint = isBegun ? RunSearch.Recover(files, ui) : null;
        using TrainingSession session = TrainingSession.Open(this, machine, Full(settings), settings, checkpoint, ui, cancellation);
        session.Evaluator?.Try();
        Directory.CreateDirectory(files.Folder);
        using RunLock? begun = isBegun ? null : RunLock.Take(files.Folder);
        if (!isBegun && File.Exists(files.Record)) throw new ToolException(ExitCode.Usage, $"{files.Folder}: another process has begun this run; start the same command again");
        RunRecord record = isBegun ? RunRecord.Read(files.Folder) : Record(title, settings, session);
        return new TrainingConduct(this, session, files, record, "evennet matrix").Run(ui, isJson: false, cancellation);
    }

    /// <summary>The settings of a run that is begun with some, all counts of iterations multiplied by a factor.</summary>
    /// <exception cref="ToolException">One is no option of this command, or has no such value.</exception>
    public Dictionary<string, string> Complete(Dictionary<string, string> given, double scale)
    {
        foreach (string option in given.Keys)
            if (set.All.All(o => o.Name[2..] != option)) throw new ToolException(ExitCode.Usage, $"train {Kind.Name} has no option --{option}; did you mean --{NearestName.Of(option, set.All.Select(o => o.Name[2..]))}?");
        given[Kind.Name] = Path.GetFullPath(given[Kind.Name]);
        var all = new Dictionary<string, string>(new GridCell([], TrainingSettings.Complete(given, set)).Scaled(scale).Settings) { [KindSetting] = Kind.Name };
        _ = Full(all);
        return all;
    }

    private static RunRecord Record(string called, Dictionary<string, string> settings, TrainingSession session) =>
        new() { Name = called, Settings = settings, Seed = session.Seed, Versions = RunRecord.CurrentVersions(), Machine = RunMachine.Of(session.Backend.Description) };

    // The whole command line, every option that has a value named.
    private ParseResult Full(Dictionary<string, string> settings)
    {
        ParseResult full = Parse([.. TrainingSettings.Arguments(settings, set)]);
        return full.Errors.Count == 0 ? full : throw new ToolException(ExitCode.Usage, string.Join("\n", full.Errors.Select(e => e.Message)));
    }

    private Dictionary<string, string> Settings(ParseResult options, RunFiles? files, RunRecord? record, Ui ui)
    {
        Dictionary<string, string> given = TrainingSettings.Given(options, set);
        if (record is null) CaffeSettings.Complete(given, set, ui);
        // So that the run can be resumed from anywhere.
        foreach (string path in (string[])[Kind.Name, "test-list"])
            if (given.TryGetValue(path, out string? place)) given[path] = Path.GetFullPath(place);
        if (given.TryGetValue("mean", out string? mean) && PictureMean.IsFile(mean)) given["mean"] = Path.GetFullPath(mean);
        if (record is null && given.TryGetValue("weights", out string? weights)) given["weights"] = Path.GetFullPath(CheckpointFolder.Resolve(weights));
        if (record is null) return new(TrainingSettings.Complete(given, set)) { [KindSetting] = Kind.Name };
        if (record.Settings.GetValueOrDefault(KindSetting) is var of && of != Kind.Name) throw new ToolException(ExitCode.Usage, $"{files!.Folder} is {(of == DetectionKind.Setting ? "the training of a detector: evennet detect train" : $"a run on other data: evennet train {of}")} --resume {Text.Quoted(files.Folder)}");
        return TrainingSettings.Resume(record.Settings, given);
    }

    private int FindRate(TrainingSession session, ParseResult full, ParseResult options, Ui ui, CancellationToken cancellation)
    {
        RateFinder.Result found = ui.Track(progress => new RateFinder().Run(session.Trainer.Net, session.Trainer.Data, schedule => Solver.Make(full, session.Parameters, schedule, Depth.Regularizer(full)),
            new FractionProgress(f => progress.Report(new("rates", $"{Text.Fixed(100 * f, 0)} steps of 100", f))), cancellation));
        if (options.GetValue(json))
        {
            ui.Raw(ToolJson.Write(new FindRateResult(found.Suggested, [.. found.Points.Select(p => new RatePoint(p.Rate, p.Loss, p.Smoothed))])));
            return ExitCode.Ok;
        }
        var table = new TextTable("rate", "loss", "smoothed");
        foreach ((double rate, double loss, double smoothed) in found.Points.Where((_, i) => i % 4 == 0)) table.Add(Text.Rate(rate), Text.Fixed(loss, 4), Text.Fixed(smoothed, 4));
        ui.Result(table);
        ui.Result();
        ui.Result("rate", found.Suggested is { } best ? $"{Text.Rate(best)} is a tenth of the one with the least loss: --rate {Text.Rate(best)}" : "the loss never fell: look at the data and the initialization");
        return ExitCode.Ok;
    }
}
