using System.CommandLine;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>A command that trains: begins a run in a folder of its own, or goes on with one.</summary>
internal abstract class RunVerb : Verb
{
    private const string KindSetting = "data";

    private readonly Option<string> runs = new("--runs") { Description = "The folder of all runs; each gets a folder in it.", HelpName = "DIR", DefaultValueFactory = _ => "runs" };
    private readonly Option<string?> name = new("--name") { Description = "What to call the run; by default net, data and initialization.", HelpName = "TEXT" };
    private readonly Option<string?> resume = new("--resume") { Description = "Go on with a run: «last», or its folder. Its settings hold; of the others only those that change no step may be given.", HelpName = "RUN" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "One step, a little of the judgement, a checkpoint saved and loaded; then nothing is left behind." };

    protected RunVerb(TrainingKind kind, string name, string description, params string[] examples) : base(name, description, examples)
    {
        Kind = kind;
        Set = new TrainingOptionSet(this, kind);
    }

    public TrainingKind Kind { get; }

    /// <summary>What a run's record calls its data.</summary>
    public abstract string DataName { get; }

    /// <summary>«evennet train voc».</summary>
    public abstract string CommandLine { get; }

    public abstract RunChoice Course { get; }

    public Option<int> Workers { get; } = new("--workers") { HelpName = "N" };

    public DeviceChoice Device { get; private set; } = null!;

    protected TrainingOptionSet Set { get; }

    protected Option<bool> DryRun => dryRun;

    protected Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document." };

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        RunFiles? files = options.GetValue(resume) is { } which ? RunSearch.Find(which, options.GetRequiredValue(runs)) : null;
        // Before anything of the run is read: another process may be about to change it.
        using RunLock? held = files is null ? null : RunLock.Take(files.Folder);
        RunRecord? record = files is null ? null : RunRecord.Read(files.Folder);
        Dictionary<string, string> settings = Settings(options, files, record, ui);
        string? checkpoint = files is null ? null : RunSearch.Recover(files, ui);
        using RunSession session = Open(options, Set.Parse(settings), settings, checkpoint, ui, cancellation);
        if (options.GetValue(dryRun)) return RunCheck.Run(session, ui, cancellation);
        if (TryInstead(options, session, ui, cancellation) is { } done) return done;
        session.Judge();
        string called = options.GetValue(name) ?? session.Called;
        files ??= RunFiles.Create(options.GetRequiredValue(runs), called, DateTimeOffset.Now);
        using RunLock? own = held is null ? RunLock.Take(files.Folder) : null;
        return session.Conduct(files, (record ?? Record(called, settings, session)) with { Settings = settings }, Reporting.Command(options), ui, options.GetValue(Json), cancellation);
    }

    /// <summary>Adds what every training has, after what is the verb's own.</summary>
    /// <param name="data">Where the data lie.</param>
    /// <param name="workers">What threads are for.</param>
    /// <param name="others">Options of this verb alone, which come before the workers.</param>
    protected void AddRun(Option data, string workers, params Option[] others)
    {
        foreach (Option option in (Option[])[resume, runs, name, dryRun, .. others]) Add(option);
        Workers.Description = $"{workers}; 0 means one per processor. Changes nothing but the speed.";
        Add(Workers).RequireAtLeast(0);
        Device = new DeviceChoice(this);
        Add(Json);
        Validators.Add(result =>
        {
            if (result.GetResult(data) is null && result.GetResult(resume) is null) result.AddError($"no data: give --{Kind.Name} {(Kind.IsFile ? "FILE" : "DIR")}, or --resume RUN to go on with a run");
            if (result.GetResult(name) is not null && result.GetResult(resume) is not null) result.AddError("--name: a resumed run keeps its name");
        });
    }

    protected abstract RunSession Open(ParseResult machine, ParseResult options, IReadOnlyDictionary<string, string> settings, string? checkpoint, Ui ui, CancellationToken cancellation);

    /// <summary>Settings that are files or folders: made absolute, so that the run can be resumed from anywhere.</summary>
    protected abstract IEnumerable<string> Paths { get; }

    /// <summary>Adds to what was given for a new run.</summary>
    protected virtual void Complete(Dictionary<string, string> given, Ui ui) { }

    /// <summary>Does something else than a training, where that is asked for.</summary>
    protected virtual int? TryInstead(ParseResult options, RunSession session, Ui ui, CancellationToken cancellation) => null;

    protected Dictionary<string, string> Completed(Dictionary<string, string> given) => new(TrainingSettings.Complete(given, Set)) { [KindSetting] = DataName };

    protected static RunRecord Record(string called, Dictionary<string, string> settings, RunSession session) =>
        new() { Name = called, Settings = settings, Seed = session.Seed, Versions = RunRecord.CurrentVersions(), Machine = RunMachine.Of(session.Backend.Description) };

    private Dictionary<string, string> Settings(ParseResult options, RunFiles? files, RunRecord? record, Ui ui)
    {
        Dictionary<string, string> given = TrainingSettings.Given(options, Set);
        if (record is null) Complete(given, ui);
        foreach (string path in Paths)
            if (given.TryGetValue(path, out string? place)) given[path] = Path.GetFullPath(place);
        if (given.TryGetValue("mean", out string? mean) && PictureMean.IsFile(mean)) given["mean"] = Path.GetFullPath(mean);
        if (record is null && given.TryGetValue("weights", out string? weights)) given["weights"] = Path.GetFullPath(CheckpointFolder.Resolve(weights));
        if (record is null) return Completed(given);
        if (record.Settings.GetValueOrDefault(KindSetting) is var of && of != DataName)
            throw new ToolException(ExitCode.Usage, $"{files!.Folder} is {(of == DetectionKind.Setting ? "the training of a detector: evennet detect train" : $"a run on other data: evennet train {of}")} --resume {Text.Quoted(files.Folder)}");
        return TrainingSettings.Resume(record.Settings, given);
    }
}
