using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Everything that a training needs, opened and checked in the order in which mistakes are cheap to find: data, net, memory, weights.</summary>
internal sealed class TrainingSession : IDisposable
{
    /// <summary>Metadata of a checkpoint: the modulation's state.</summary>
    public const string ModulationKey = "modulation";

    private const int RatePictures = 20;

    private readonly JpegDecoder jpeg = new();
    private readonly List<IDisposable> owned = [];

    private TrainingSession() { }

    public required ParseResult Options { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    public NetInfo Info { get; private set; } = null!;

    public Dataset Data { get; private set; } = null!;

    public Dataset? TestData { get; private set; }

    public ulong Seed { get; private set; }

    public Backend Backend { get; private set; } = null!;

    public ParameterSet Parameters { get; private set; } = null!;

    public Schedule Schedule { get; private set; } = null!;

    public Trainer Trainer { get; private set; } = null!;

    public Evaluator? Evaluator { get; private set; }

    public Evaluator? FinalEvaluator { get; private set; }

    /// <summary>Null where weights came from a file or a checkpoint.</summary>
    public InitReport? Init { get; private set; }

    /// <summary>Null without.</summary>
    public ErrorModulation? Modulation { get; private set; }

    public IReadOnlyList<Measurement> Measurements { get; private set; } = [];

    public static TrainingSession Open(TrainKindVerb verb, ParseResult machine, ParseResult options, IReadOnlyDictionary<string, string> settings, string? checkpoint, Ui ui, CancellationToken cancellation)
    {
        var session = new TrainingSession { Options = options, Settings = settings };
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

    private void Build(TrainKindVerb verb, ParseResult machine, string? checkpoint, Ui ui, CancellationToken cancellation)
    {
        RunChoice run = verb.Course;
        int batch = Options.GetValue(run.Batch), iterations = Options.GetValue(run.Iterations), workers = machine.GetValue(verb.Workers);
        Seed = Options.GetValue(run.Seed);
        NetSource source = verb.Start.Net(Options, ui.Warn);
        Info = source.Info;
        Shape input = PictureInput.Of(Info.Graph()).Shape;
        Schedule = verb.Solver.Schedule(Options, iterations);

        var files = new ImageFiles(jpeg);
        Dataset all = InChannels(verb.Data.Open(Options, files), input), data = all;
        Augmentation augmentation = verb.Data.Training(Options, all, input, Info), final, during;
        if (Options.GetValue(run.Overfit) is { } few)
        {
            data = all.Take(few);
            augmentation = final = during = Fixed(augmentation);
            TestData = data;
        }
        else
        {
            TestData = verb.Data.OpenTest(Options, files, all) is { } test ? InChannels(test, input) : null;
            (final, during) = (verb.Data.Test(Options, augmentation, isFinal: true), verb.Data.Test(Options, augmentation, isFinal: false));
        }
        Data = data;
        _ = run.Monitored(Options, TestData);
        ui.Note("data", $"{data}{(TestData is null ? "" : $"; judged on {TestData}")}");

        Backend = Own(verb.Device.Open(machine));
        TrainedNet net = TrainedNet.Of(source, all, ui.Warn);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {Backend.Description} · seed {Seed}");
        ui.Note("net", $"{Info.Name}  {net.Graph.Affine.Count()} learned layers  {Text.Count(net.Graph.ParameterCount)} parameters  {all.Classes.Count} classes");
        Affordable.RequireTraining(net.Graph, Backend, batch);
        Parameters = Own(new ParameterSet(net.Graph, Backend));
        source.Caffe?.ApplyMultipliers(Parameters);
        if (checkpoint is null) Init = verb.Start.Apply(Options, Info, Parameters, data, augmentation, Seed, workers, ui, cancellation);

        Solver solver = Own(verb.Solver.Make(Options, Parameters, Schedule, verb.Depth.Regularizer(Options)));
        ui.Note("solver", $"{solver}");
        Modulation = verb.Depth.Modulation(Options, Backend);
        // Errors are looked at before their rectifier's mask only where the rectifier stands alone.
        var plan = Own(new Net(Parameters, batch, new NetOptions { Seed = Seed, Watcher = Modulation, Fuse = Modulation is null }));
        Trainer = new Trainer(plan, solver, new DataLoader(data, augmentation, new LoaderOptions(batch, Seed) { Workers = workers }));
        if (checkpoint is not null)
        {
            Resume(checkpoint);
        }
        if (TestData is { } judged)
        {
            Evaluator = Own(MakeEvaluator(net.Scores, judged, during, batch, workers));
            if (final.Views != during.Views) FinalEvaluator = Own(MakeEvaluator(net.Scores, judged, final, batch, workers));
        }
        if (verb.Depth.Statistics(Options) is > 0 and var depth) Measurements = [Own(new DepthStatistics(Trainer, depth, modulation: Modulation))];
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

    private T Own<T>(T part) where T : IDisposable
    {
        owned.Add(part);
        return part;
    }
}
