using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>Everything that the training of a classifier needs: data, net, memory, weights.</summary>
internal sealed class TrainingSession : RunSession
{
    /// <summary>Metadata of a checkpoint: the modulation's state.</summary>
    public const string ModulationKey = "modulation";

    private const int RatePictures = 20;

    private Trainer trainer = null!;

    private TrainingSession(TrainKindVerb verb, ParseResult options, IReadOnlyDictionary<string, string> settings) : base(options, settings) => Verb = verb;

    public TrainKindVerb Verb { get; }

    public Dataset Data { get; private set; } = null!;

    public Dataset? TestData { get; private set; }

    public Schedule Schedule { get; private set; } = null!;

    public override Trainer Trainer => trainer;

    public override IReadOnlyList<string> Classes => Data.Classes;

    public override Dataset? Judged => TestData;

    public Evaluator? Evaluator { get; private set; }

    public Evaluator? FinalEvaluator { get; private set; }

    /// <summary>Null where weights came from a file or a checkpoint.</summary>
    public InitReport? Init { get; private set; }

    /// <summary>Null without.</summary>
    public ErrorModulation? Modulation { get; private set; }

    public IReadOnlyList<Measurement> Measurements { get; private set; } = [];

    public static TrainingSession Open(TrainKindVerb verb, ParseResult machine, ParseResult options, IReadOnlyDictionary<string, string> settings, string? checkpoint, Ui ui, CancellationToken cancellation) =>
        Built(new TrainingSession(verb, options, settings), s => s.Build(machine, checkpoint, ui, cancellation));

    public override string Called => $"{Path.GetFileNameWithoutExtension(Info.Name)}-{Verb.Kind.Name}-{Options.GetValue(Verb.Start.Init)}";

    public override string Judge()
    {
        if (Evaluator is null) return "no test data: nothing is judged";
        Evaluator.Try();
        FinalEvaluator?.Try();
        return $"{Evaluator.Data.Options.Batch} of {Evaluator.Data.Dataset.Count} pictures scored";
    }

    public override int Conduct(RunFiles files, RunRecord record, string command, Ui ui, bool isJson, CancellationToken cancellation) =>
        new TrainingConduct(this, files, record, command).Run(ui, isJson, cancellation);

    private void Build(ParseResult machine, string? checkpoint, Ui ui, CancellationToken cancellation)
    {
        RunChoice run = Verb.Course;
        int batch = Options.GetValue(run.Batch), iterations = Options.GetValue(run.Iterations), workers = machine.GetValue(Verb.Workers);
        Seed = Options.GetValue(run.Seed);
        NetSource source = Verb.Start.Net(Options, ui.Warn);
        Info = source.Info;
        Shape input = PictureInput.Of(Info.Graph()).Shape;
        Schedule = Verb.Solver.Schedule(Options, iterations);

        Dataset all = InChannels(Verb.Data.Open(Options, Files), input), data = all;
        Augmentation augmentation = Verb.Data.Training(Options, all, input, Info), final, during;
        if (Options.GetValue(run.Overfit) is { } few)
        {
            data = all.Take(few);
            augmentation = final = during = Fixed(augmentation);
            TestData = data;
        }
        else
        {
            TestData = Verb.Data.OpenTest(Options, Files, all) is { } test ? InChannels(test, input) : null;
            (final, during) = (Verb.Data.Test(Options, augmentation, isFinal: true), Verb.Data.Test(Options, augmentation, isFinal: false));
        }
        Data = data;
        _ = run.Monitored(Options, TestData);
        ui.Note("data", $"{data}{(TestData is null ? "" : $"; judged on {TestData}")}");

        Backend = Own(Verb.Device.Open(machine, ui));
        TrainedNet net = TrainedNet.Of(source, all, ui.Warn);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {Backend.Description} · seed {Seed}");
        ui.Note("net", $"{Info.Name}  {net.Graph.Affine.Count()} learned layers  {Text.Count(net.Graph.ParameterCount)} parameters  {all.Classes.Count} classes");
        Affordable.RequireTraining(net.Graph, Backend, batch);
        Parameters = Own(new ParameterSet(net.Graph, Backend));
        source.Caffe?.ApplyMultipliers(Parameters);
        if (checkpoint is null) Init = Verb.Start.Apply(Options, Info, Parameters, data, augmentation, Seed, workers, ui, cancellation);

        Solver solver = Own(Verb.Solver.Make(Options, Parameters, Schedule, Verb.Depth.Regularizer(Options)));
        ui.Note("solver", $"{solver}");
        Modulation = Verb.Depth.Modulation(Options, Backend);
        // Errors are looked at before their rectifier's mask only where the rectifier stands alone.
        var plan = Own(new Net(Parameters, batch, new NetOptions { Seed = Seed, Watcher = Modulation, Fuse = Modulation is null }));
        trainer = new Trainer(plan, solver, new DataLoader(data, augmentation, new LoaderOptions(batch, Seed) { Workers = workers }));
        if (checkpoint is not null)
        {
            Resume(checkpoint);
        }
        if (TestData is { } judged)
        {
            Evaluator = Own(MakeEvaluator(net.Scores, judged, during, batch, workers));
            if (final.Views != during.Views) FinalEvaluator = Own(MakeEvaluator(net.Scores, judged, final, batch, workers));
        }
        if (Verb.Depth.Statistics(Options) is > 0 and var depth) Measurements = [Own(new DepthStatistics(Trainer, depth, modulation: Modulation))];
        if (Options.GetValue(run.Rates) is > 0 and var every)
        {
            var loader = new DataLoader(data.Take(RatePictures, Seed), final with { Crop = Views(final, 1) }, LoaderOptions.Once(Math.Min(RatePictures, data.Count), Seed) with { Workers = workers });
            LabelledBatch pictures = loader.Batches(cancellation: cancellation).First();
            Measurements = [.. Measurements, new RateMeasurement(Parameters, pictures.Images, pictures.Count, every, Seed)];
        }
    }

    private void Resume(string checkpoint)
    {
        TrainingState.Load(checkpoint, Trainer);
        IReadOnlyDictionary<string, string> metadata;
        using (SafetensorsFile file = Safetensors.Open(checkpoint)) metadata = file.Metadata;
        TrainingSettings.RequireSame(Settings, metadata, checkpoint);
        if (Modulation is not null) Restore(Modulation, metadata, checkpoint);
    }

    private void Restore(ErrorModulation modulation, IReadOnlyDictionary<string, string> metadata, string checkpoint)
    {
        if (!metadata.TryGetValue(ModulationKey, out string? state)) throw new WeightsFormatException(checkpoint, $"has no {ModulationKey}: it is of a run without modulation");
        try
        {
            modulation.Restore(state, Parameters.Graph);
        }
        catch (Exception error) when (error is FormatException or OverflowException or GraphException)
        {
            throw new WeightsFormatException(checkpoint, $"its {ModulationKey} is broken: {error.Message}");
        }
    }

    private static CropRule Views(Augmentation a, int views) => TrainingData.Test(a, views).Crop;

    private Evaluator MakeEvaluator(Node scores, Dataset set, Augmentation augmentation, int batch, int workers)
    {
        int samples = Math.Min(set.Count, Math.Max(1, batch / augmentation.Views));
        return new Evaluator(Parameters, scores, new DataLoader(set, augmentation, LoaderOptions.Once(samples, Seed) with { Workers = workers }));
    }

    private static Dataset InChannels(Dataset data, Shape input) => input.Channels == 1 ? data.InGrey() : data;

    // The middle, at the size at which cuts are taken.
    private static Augmentation Fixed(Augmentation a) => a with
    {
        Crop = new CentreCrop(),
        Fit = a.ResizeTo == 0 && a.Crop is RandomScaleCrop ? ImageFit.Crop : a.Fit,
        ResizeTo = a.ResizeTo == 0 && a.Crop is RandomScaleCrop ? Math.Max(a.Shape.Height, a.Shape.Width) : a.ResizeTo,
        Mirror = false,
        Jitter = default,
    };
}
