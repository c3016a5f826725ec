using System.CommandLine;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Everything that the training of a detector needs, opened and checked in the order in which mistakes are cheap to find.</summary>
internal sealed class DetectionSession : IDisposable
{
    private readonly JpegDecoder jpeg = new();
    private readonly List<IDisposable> owned = [];

    private DetectionSession() { }

    public required ParseResult Options { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    public NetInfo Info { get; private set; } = null!;

    public DetectorNet Net { get; private set; } = null!;

    public DetectionSet Data { get; private set; } = null!;

    public DetectionSet? TestData { get; private set; }

    public DetectionLoader Loader { get; private set; } = null!;

    public FastRcnnOptions Detection { get; private set; } = null!;

    public Backend Backend { get; private set; } = null!;

    public ParameterSet Parameters { get; private set; } = null!;

    public DetectionTrainer Trainer { get; private set; } = null!;

    public DetectionEvaluator? Evaluator { get; private set; }

    public static DetectionSession Open(DetectTrainVerb verb, ParseResult machine, ParseResult options, IReadOnlyDictionary<string, string> settings, string? checkpoint, Ui ui, CancellationToken cancellation)
    {
        var session = new DetectionSession { Options = options, Settings = settings };
        try
        {
            session.Build(verb, machine, checkpoint, ui, cancellation);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        for (int i = owned.Count - 1; i >= 0; i--) owned[i].Dispose();
        jpeg.Dispose();
    }

    private void Build(DetectTrainVerb verb, ParseResult machine, string? checkpoint, Ui ui, CancellationToken cancellation)
    {
        RunChoice run = verb.Course;
        int iterations = Options.GetValue(run.Iterations), workers = machine.GetValue(verb.Workers);
        ulong seed = Options.GetValue(run.Seed);
        Info = verb.Start.Net(Options);
        Schedule schedule = verb.Solver.Schedule(Options, iterations);
        var files = new ImageFiles(jpeg);
        Data = verb.Data.Open(Options, files);
        TestData = verb.Data.OpenTest(Options, files, seed);
        _ = run.Monitored(Options, TestData?.Data);
        ui.Note("data", $"{Data.Data}, proposals: {Data.Proposals.Name}{(TestData is { } t ? $"; judged on {Text.Count(t.Count)} of {t.Data.Split}" : "")}");
        Net = DetectorNet.Of(Info.Outputs(Data.Classes.Count)[^1], Data.Classes.Count, verb.Start.Cut(Options));
        Detection = verb.Data.Options(Options) with { Pictures = Options.GetValue(run.Batch), Regions = Options.GetValue(verb.Regions), Seed = seed };

        Backend = Own(verb.Device.Open(machine));
        DetectorGraph graph = Net.At(DetectionSizes.Nominal, DetectionSizes.Nominal, Detection.Regions);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {Backend.Description} · seed {seed}");
        ui.Note("net", $"{Info.Name}  {graph.Graph.Affine.Count()} learned layers  {Text.Count(graph.Graph.ParameterCount)} parameters  {Data.Classes.Count} classes");
        Shape largest = DetectorPlans.Canvas(Detection.Longest, Detection.Sides.Max());
        Affordable.RequireTraining(Net.At(largest.Height, largest.Width, Detection.Regions).Graph, Backend, Detection.Pictures);
        Parameters = Own(new ParameterSet(graph.Graph, Backend));
        if (checkpoint is null) verb.Start.Apply(Options, Parameters, Net, Data.Data, Detection.Mean, seed, workers, ui, cancellation);
        Loader = ui.Track(progress => new DetectionLoader(Data, Net, Detection, new FractionProgress(f => progress.Report(new("regions", $"{f * Data.Count:F0} of {Data.Count} pictures", f))), cancellation));
        ui.Note("regions", $"{Text.Count(Loader.Regions.Objects)} of objects, {Text.Count(Loader.Regions.Background)} of background");

        Solver solver = Own(verb.Solver.Make(Options, Parameters, schedule, regularizer: null));
        ui.Note("solver", $"{solver}");
        Trainer = Own(new DetectionTrainer(Parameters, Net, solver, Loader));
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

    private T Own<T>(T part) where T : IDisposable
    {
        owned.Add(part);
        return part;
    }
}
