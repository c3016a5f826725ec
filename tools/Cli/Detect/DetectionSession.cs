using System.CommandLine;
using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Everything that the training of a detector needs.</summary>
internal sealed class DetectionSession : RunSession
{
    private DetectionTrainer trainer = null!;

    private DetectionSession(DetectTrainVerb verb, ParseResult options, IReadOnlyDictionary<string, string> settings) : base(options, settings) => Verb = verb;

    public DetectTrainVerb Verb { get; }

    public DetectorNet Net { get; private set; } = null!;

    public DetectionSet Data { get; private set; } = null!;

    public DetectionSet? TestData { get; private set; }

    public DetectionLoader Loader { get; private set; } = null!;

    public FastRcnnOptions Detection { get; private set; } = null!;

    public override DetectionTrainer Trainer => trainer;

    public override IReadOnlyList<string> Classes => Data.Classes;

    public override Dataset? Judged => TestData?.Data;

    public DetectionEvaluator? Evaluator { get; private set; }

    public static DetectionSession Open(DetectTrainVerb verb, ParseResult machine, ParseResult options, IReadOnlyDictionary<string, string> settings, string? checkpoint, Ui ui, CancellationToken cancellation) =>
        Built(new DetectionSession(verb, options, settings), s => s.Build(machine, checkpoint, ui, cancellation));

    public override string Called => $"{Info.Name}-detection-{Options.GetValue(Verb.Start.Init)}";

    public override string Judge()
    {
        if (Evaluator is null) return "no test data: nothing is judged";
        Evaluator.Try();
        return $"1 of {TestData!.Count} pictures looked at";
    }

    public override string Loss(double loss) => $"{base.Loss(loss)} (boxes {Text.Fixed(Trainer.LastLosses.Boxes, 4)})";

    public override int Conduct(RunFiles files, RunRecord record, string command, Ui ui, bool isJson, CancellationToken cancellation) =>
        new DetectionConduct(this, files, record, command).Run(ui, isJson, cancellation);

    private void Build(ParseResult machine, string? checkpoint, Ui ui, CancellationToken cancellation)
    {
        RunChoice run = Verb.Course;
        int iterations = Options.GetValue(run.Iterations), workers = machine.GetValue(Verb.Workers);
        Seed = Options.GetValue(run.Seed);
        Info = Verb.Start.Net(Options);
        Schedule schedule = Verb.Solver.Schedule(Options, iterations);
        Data = Verb.Data.Open(Options, Files);
        TestData = Verb.Data.OpenTest(Options, Files, Seed);
        _ = run.Monitored(Options, Judged);
        ui.Note("data", $"{Data.Data}, proposals: {Data.Proposals.Name}{(TestData is { } t ? $"; judged on {Text.Count(t.Count)} of {t.Data.Split}" : "")}");
        Net = DetectorNet.Of(Info.Outputs(Data.Classes.Count)[^1], Data.Classes.Count, Verb.Start.Cut(Options));
        Detection = Verb.Data.Options(Options) with { Pictures = Options.GetValue(run.Batch), Regions = Options.GetValue(Verb.Regions), Seed = Seed };

        Backend = Own(Verb.Device.Open(machine, ui));
        DetectorGraph graph = Net.At(DetectionSizes.Nominal, DetectionSizes.Nominal, Detection.Regions);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {Backend.Description} · seed {Seed}");
        ui.Note("net", $"{Info.Name}  {graph.Graph.Affine.Count()} learned layers  {Text.Count(graph.Graph.ParameterCount)} parameters  {Data.Classes.Count} classes");
        Shape largest = DetectorPlans.Canvas(Detection.Longest, Detection.Sides.Max());
        Affordable.RequireTraining(Net.At(largest.Height, largest.Width, Detection.Regions).Graph, Backend, Detection.Pictures);
        Parameters = Own(new ParameterSet(graph.Graph, Backend));
        if (checkpoint is null) Verb.Start.Apply(Options, Parameters, Net, Data.Data, Detection.Mean, Seed, workers, ui, cancellation);
        Loader = ui.Track(progress => new DetectionLoader(Data, Net, Detection, new FractionProgress(f => progress.Report(new("regions", $"{f * Data.Count:F0} of {Data.Count} pictures", f))), cancellation));
        ui.Note("regions", $"{Text.Count(Loader.Regions.Objects)} of objects, {Text.Count(Loader.Regions.Background)} of background");

        Solver solver = Own(Verb.Solver.Make(Options, Parameters, schedule, regularizer: null));
        ui.Note("solver", $"{solver}");
        trainer = Own(new DetectionTrainer(Parameters, Net, solver, Loader));
        if (checkpoint is not null)
        {
            TrainingState.Load(checkpoint, Trainer);
            using SafetensorsFile file = Safetensors.Open(checkpoint);
            TrainingSettings.RequireSame(Settings, file.Metadata, checkpoint);
            if (file.Metadata.GetValueOrDefault(DetectorFile.ScalingKey) != $"{Loader.Scaling}")
                throw new ToolException(ExitCode.Data, $"{checkpoint} was made with other boxes: annotations or proposals have changed; begin a new run from its weights with --weights");
        }
        if (TestData is { } judged) Evaluator = new DetectionEvaluator(Own(new Detector(Parameters, Net, Loader.Scaling, Detection)), judged);
    }
}
