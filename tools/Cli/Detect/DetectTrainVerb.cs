using System.CommandLine;
using System.Diagnostics;
using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Trains a detector.</summary>
internal sealed class DetectTrainVerb : Verb
{
    private const string KindSetting = "data";

    private readonly TrainingOptionSet set;
    private readonly Option<string> runs = new("--runs") { Description = "The folder of all runs; each gets a folder in it.", HelpName = "DIR", DefaultValueFactory = _ => "runs" };
    private readonly Option<string?> name = new("--name") { Description = "What to call the run; by default net, data and initialization.", HelpName = "TEXT" };
    private readonly Option<string?> resume = new("--resume") { Description = "Go on with a run: «last», or its folder. Its settings hold; of the others only those that change no step may be given.", HelpName = "RUN" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "One step, one picture of the judgement, a checkpoint saved and loaded; then nothing is left behind." };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public DetectTrainVerb() : base("train", $"Trains Fast R-CNN on PASCAL VOC. The defaults are those of {DetectionKind.Kind.Protocol}.",
        "evennet detect train --voc VOCdevkit --net caffenet --init kmeans", "evennet detect train --voc VOCdevkit --proposals voc_2007_trainval.mat --test-proposals voc_2007_test.mat --weights caffenet.safetensors",
        "evennet detect train --voc VOCdevkit --iterations 400 --dry-run", "evennet detect train --resume last")
    {
        set = new TrainingOptionSet(this, DetectionKind.Kind);
        Data = new DetectionData(set);
        Start = new DetectStart(set);
        Regions = set.Add<int>("regions", "Regions of each picture in a step.", "N");
        Regions.RequireAtLeast(1);
        Solver = new SolverChoice(set);
        Course = new RunChoice(set, isDetection: true);
        Add(resume);
        Add(runs);
        Add(name);
        Add(dryRun);
        Workers = Add(new Option<int>("--workers") { Description = "Threads that decode the initialization's pictures; 0 means one per processor. Changes nothing but the speed.", HelpName = "N" });
        Workers.RequireAtLeast(0);
        Device = new DeviceChoice(this);
        Add(json);
        Validators.Add(result =>
        {
            if (result.GetResult(Data.Place) is null && result.GetResult(resume) is null) result.AddError("no data: give --voc DIR, or --resume RUN to go on with a run");
            if (result.GetResult(name) is not null && result.GetResult(resume) is not null) result.AddError("--name: a resumed run keeps its name");
        });
    }

    public DetectionData Data { get; }

    public DetectStart Start { get; }

    public Option<int> Regions { get; }

    public SolverChoice Solver { get; }

    public RunChoice Course { get; }

    public Option<int> Workers { get; }

    public DeviceChoice Device { get; }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        RunFiles? files = options.GetValue(resume) is { } which ? RunSearch.Find(which, options.GetRequiredValue(runs)) : null;
        // Before anything of the run is read: another process may be about to change it.
        using RunLock? held = files is null ? null : RunLock.Take(files.Folder);
        RunRecord? record = files is null ? null : RunRecord.Read(files.Folder);
        Dictionary<string, string> settings = Settings(options, files, record);
        string? checkpoint = files is null ? null : RunSearch.Recover(files, ui);
        ParseResult full = Parse([.. TrainingSettings.Arguments(settings, set)]);
        if (full.Errors.Count > 0) throw new ToolException(ExitCode.Usage, string.Join("\n", full.Errors.Select(e => e.Message)));
        using DetectionSession session = DetectionSession.Open(this, options, full, settings, checkpoint, ui, cancellation);
        if (options.GetValue(dryRun)) return DryRun(session, ui);
        session.Evaluator?.Try();
        string called = options.GetValue(name) ?? $"{session.Info.Name}-detection-{full.GetValue(Start.Init)}";
        files ??= RunFiles.Create(options.GetRequiredValue(runs), called, DateTimeOffset.Now);
        using RunLock? own = held is null ? RunLock.Take(files.Folder) : null;
        record ??= new RunRecord { Name = called, Settings = settings, Seed = session.Detection.Seed, Versions = RunRecord.CurrentVersions(), Machine = RunMachine.Of(session.Backend.Description) };
        return new DetectionConduct(this, session, files, record with { Settings = settings }, Reporting.Command(options)).Run(ui, options.GetValue(json), cancellation);
    }

    private Dictionary<string, string> Settings(ParseResult options, RunFiles? files, RunRecord? record)
    {
        Dictionary<string, string> given = TrainingSettings.Given(options, set);
        // So that the run can be resumed from anywhere.
        foreach (string path in (string[])["voc", "proposals", "test-proposals"])
            if (given.TryGetValue(path, out string? place)) given[path] = Path.GetFullPath(place);
        if (record is null && given.TryGetValue("weights", out string? weights)) given["weights"] = Path.GetFullPath(CheckpointFolder.Resolve(weights));
        if (record is null) return new(TrainingSettings.Complete(given, set)) { [KindSetting] = DetectionKind.Setting };
        if (record.Settings.GetValueOrDefault(KindSetting) is var of && of != DetectionKind.Setting) throw new ToolException(ExitCode.Usage, $"{files!.Folder} trains no detector: evennet train {of} --resume {Text.Quoted(files.Folder)}");
        return TrainingSettings.Resume(record.Settings, given);
    }

    private static int DryRun(DetectionSession session, Ui ui)
    {
        string folder = Directory.CreateTempSubdirectory("evennet-dry-run-").FullName;
        try
        {
            var clock = Stopwatch.StartNew();
            TrainingStep step = session.Trainer.Steps(session.Trainer.Solver.Iteration + 1).First();
            (double classes, double boxes) = session.Trainer.LastLosses;
            ui.Result("step", $"loss {Text.Fixed(step.Loss, 4)} ({Text.Fixed(classes, 4)} of classes, {Text.Fixed(boxes, 4)} of boxes), {Text.Duration(clock.Elapsed.TotalSeconds)}");
            session.Evaluator?.Try();
            ui.Result("judging", session.Evaluator is null ? "no test data: nothing is judged" : $"1 of {session.TestData!.Count} pictures looked at");
            string file = Path.Combine(folder, "state.safetensors");
            TrainingState.Save(file, session.Trainer);
            TrainingState.Load(file, session.Trainer);
            ui.Result("saving", $"{Text.Bytes(new FileInfo(file).Length)}, saved and loaded");
            ui.Result("memory", $"{Text.Bytes(ProcessMemory.PeakBytes)} at most so far");
            return ExitCode.Ok;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
