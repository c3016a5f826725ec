using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Models;

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
        });
    }

    public TrainingKind Kind { get; }

    public TrainingData Data { get; }

    public StartChoice Start { get; }

    public SolverChoice Solver { get; }

    public RunChoice Course { get; }

    public Option<int> Workers { get; }

    public DeviceChoice Device { get; }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        RunFiles? files = options.GetValue(resume) is { } which ? Find(which, options.GetRequiredValue(runs)) : null;
        RunRecord? record = files is null ? null : RunRecord.Read(files.Folder);
        Dictionary<string, string> settings = Settings(options, files, record);
        ParseResult full = Parse([.. TrainingSettings.Arguments(settings, set)]);
        if (full.Errors.Count > 0) throw new ToolException(ExitCode.Usage, string.Join("\n", full.Errors.Select(e => e.Message)));
        string? checkpoint = files is null ? null : Recover(files);

        using TrainingSession session = TrainingSession.Open(this, options, full, settings, checkpoint, ui, cancellation);
        if (options.GetValue(findRate)) return FindRate(session, full, options, ui, cancellation);
        if (options.GetValue(dryRun)) return new TrainingCheck(session).Run(ui, cancellation);
        session.Evaluator?.Try();
        if (files is null)
        {
            string called = options.GetValue(name) ?? $"{session.Info.Name}-{Kind.Name}-{full.GetValue(Start.Init)}";
            files = RunFiles.Create(options.GetRequiredValue(runs), called, DateTimeOffset.Now);
            record = new RunRecord { Name = called, Settings = settings, Seed = session.Seed, Versions = RunRecord.CurrentVersions(), Machine = RunMachine.Of(session.Backend.Description) };
        }
        else
        {
            record = record! with { Settings = settings };
        }
        return new TrainingConduct(this, session, files, record!, Reporting.Command(options)).Run(ui, options.GetValue(json), cancellation);
    }

    private Dictionary<string, string> Settings(ParseResult options, RunFiles? files, RunRecord? record)
    {
        Dictionary<string, string> given = TrainingSettings.Given(options, set);
        // So that the run can be resumed from anywhere.
        foreach (string path in (string[])[Kind.Name, "test-list"])
            if (given.TryGetValue(path, out string? place)) given[path] = Path.GetFullPath(place);
        if (record is null && given.TryGetValue("weights", out string? weights)) given["weights"] = Path.GetFullPath(CheckpointFolder.Resolve(weights));
        if (record is null) return new(TrainingSettings.Complete(given, set)) { [KindSetting] = Kind.Name };
        if (record.Settings.GetValueOrDefault(KindSetting) is var of && of != Kind.Name) throw new ToolException(ExitCode.Usage, $"{files!.Folder} is a run on other data: evennet train {of} --resume {Text.Quoted(files.Folder)}");
        return TrainingSettings.Resume(record.Settings, given);
    }

    private static RunFiles Find(string which, string runs)
    {
        if (which == "last") return RunFiles.Newest(runs) ?? throw new ToolException(ExitCode.Data, $"--resume last: there is no run in {Path.GetFullPath(runs)}; name its folder, or the folder of all runs with --runs DIR");
        if (!Directory.Exists(which)) throw new ToolException(ExitCode.Data, $"--resume {which}: there is no such folder; a run is resumed by its folder, or by «last»");
        return new RunFiles(which);
    }

    private static string Recover(RunFiles files)
    {
        var folder = new CheckpointFolder(files.Checkpoints);
        return folder.Recover(monitored: null) is not null
            ? folder[CheckpointFolder.Last]
            : throw new ToolException(ExitCode.Data, $"{files.Folder} has no checkpoint yet, so there is nothing to go on from; begin a new run");
    }

    private int FindRate(TrainingSession session, ParseResult full, ParseResult options, Ui ui, CancellationToken cancellation)
    {
        RateFinder.Result found = ui.Track(progress => new RateFinder().Run(session.Trainer.Net, session.Trainer.Data, schedule => Solver.Make(full, session.Parameters, schedule),
            new Share(f => progress.Report(new("rates", $"{Text.Fixed(100 * f, 0)} steps of 100", f))), cancellation));
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

    private sealed class Share(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
