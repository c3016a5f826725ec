using System.CommandLine;
using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Trains a net on one kind of data.</summary>
internal sealed class TrainKindVerb : RunVerb
{
    private readonly Option<bool> findRate = new("--find-rate") { Description = "Look for a learning rate with steps of growing rates, print the losses, and train nothing." };

    public TrainKindVerb(TrainingKind kind) : base(kind, kind.Name, $"Trains on {kind.Place[..1].ToLowerInvariant()}{kind.Place[1..].TrimEnd('.')}. The defaults are those of {kind.Protocol}.",
        $"evennet train {kind.Name} --{kind.Name} {(kind.IsFile ? "FILE" : "DIR")} --net {kind.Default("net")} --init kmeans", $"evennet train {kind.Name} --{kind.Name} {(kind.IsFile ? "FILE" : "DIR")} --iterations 400 --dry-run", $"evennet train {kind.Name} --resume last")
    {
        Data = new TrainingData(Set);
        Start = new StartChoice(Set);
        Solver = new SolverChoice(Set);
        Depth = new DepthChoice(Set);
        Course = new RunChoice(Set);
        AddRun(Data.Place, "Threads that decode", findRate);
        Validators.Add(result =>
        {
            if (result.GetResult(DryRun) is not null && result.GetResult(findRate) is not null) result.AddError("--dry-run and --find-rate exclude each other");
        });
    }

    public TrainingData Data { get; }

    public StartChoice Start { get; }

    public SolverChoice Solver { get; }

    public DepthChoice Depth { get; }

    public override RunChoice Course { get; }

    public override string DataName => Kind.Name;

    public override string CommandLine => $"evennet train {Kind.Name}";

    protected override IEnumerable<string> Paths => [Kind.Name, "test-list"];

    /// <summary>Begins a run with these settings in a folder of its own, or goes on with it.</summary>
    public int Conduct(Dictionary<string, string> settings, RunFiles files, string title, string[] device, int workers, Ui ui, CancellationToken cancellation)
    {
        // A run that can't be opened leaves no folder.
        bool isBegun = File.Exists(files.Record);
        using RunLock? going = isBegun ? RunLock.Take(files.Folder) : null;
        ParseResult machine = Parse([Data.Place.Name, settings[Kind.Name], Workers.Name, workers.ToString(CultureInfo.InvariantCulture), .. device]);
        string? checkpoint = isBegun ? RunSearch.Recover(files, ui) : null;
        using RunSession session = Open(machine, Set.Parse(settings), settings, checkpoint, ui, cancellation);
        session.Judge();
        Directory.CreateDirectory(files.Folder);
        using RunLock? begun = isBegun ? null : RunLock.Take(files.Folder);
        if (!isBegun && File.Exists(files.Record)) throw new ToolException(ExitCode.Usage, $"{files.Folder}: another process has begun this run; start the same command again");
        RunRecord record = isBegun ? RunRecord.Read(files.Folder) : Record(title, settings, session);
        return session.Conduct(files, record, "evennet matrix", ui, isJson: false, cancellation);
    }

    /// <summary>The settings of a run that is begun with some, all counts of iterations multiplied by a factor.</summary>
    /// <exception cref="ToolException">One is no option of this command, or has no such value.</exception>
    public Dictionary<string, string> Complete(Dictionary<string, string> given, double scale)
    {
        foreach (string option in given.Keys)
            if (Set.All.All(o => o.Name[2..] != option)) throw new ToolException(ExitCode.Usage, $"train {Kind.Name} has no option --{option}; did you mean --{NearestName.Of(option, Set.All.Select(o => o.Name[2..]))}?");
        given[Kind.Name] = Path.GetFullPath(given[Kind.Name]);
        Dictionary<string, string> all = new(new GridCell([], Completed(given)).Scaled(scale).Settings);
        _ = Set.Parse(all);
        return all;
    }

    protected override RunSession Open(ParseResult machine, ParseResult options, IReadOnlyDictionary<string, string> settings, string? checkpoint, Ui ui, CancellationToken cancellation) =>
        TrainingSession.Open(this, machine, options, settings, checkpoint, ui, cancellation);

    protected override void Complete(Dictionary<string, string> given, Ui ui) => CaffeSettings.Complete(given, Set, ui);

    protected override int? TryInstead(ParseResult options, RunSession session, Ui ui, CancellationToken cancellation) =>
        options.GetValue(findRate) ? FindRate(session, options.GetValue(Json), ui, cancellation) : null;

    private int FindRate(RunSession session, bool isJson, Ui ui, CancellationToken cancellation)
    {
        var trainer = (Trainer)session.Trainer;
        RateFinder.Result found = ui.Track(progress => new RateFinder().Run(trainer.Net, trainer.Data, schedule => Solver.Make(session.Options, session.Parameters, schedule, Depth.Regularizer(session.Options)),
            new FractionProgress(f => progress.Report(new("rates", $"{Text.Fixed(100 * f, 0)} steps of 100", f))), cancellation));
        if (isJson)
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
