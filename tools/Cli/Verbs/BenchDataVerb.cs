using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>How many pictures a second can be decoded and augmented, beside what training takes.</summary>
internal sealed class BenchDataVerb : Verb
{
    private const ulong Seed = 1;

    // A rough figure is enough for a ratio; NetBench has the exact one.
    private const int TrainingRepetitions = 3;

    private readonly DataChoice data;
    private readonly Option<string> net = new Option<string>("--net") { Description = "The net whose input is made and whose training is compared with.", HelpName = "NAME", DefaultValueFactory = _ => "caffenet" }
        .RequireOneOf([.. Nets.All.Select(n => n.Name)]);
    private readonly Option<int[]> workers = new("--workers") { Description = "Threads that decode; several numbers are measured one after the other.", HelpName = "N", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2] };
    private readonly Option<int> batch = new("--batch") { Description = "Images at a time.", HelpName = "N", DefaultValueFactory = _ => 10 };
    private readonly Option<double> seconds = new("--seconds") { Description = "How long each number of workers is measured.", HelpName = "X", DefaultValueFactory = _ => 5 };
    private readonly Option<bool> loadingOnly = new("--loading-only") { Description = "Do not measure the net's training." };
    private readonly DeviceChoice device;
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public BenchDataVerb() : base("data", "Measures how many pictures a second are decoded and augmented as training wants them, and how many the net's training takes on this machine.",
        "evennet bench data --voc VOCdevkit", "evennet bench data --cifar10 DIR --workers 1 --loading-only", "evennet bench data --folder DIR --net vgg16 --workers 1 2 4 --json")
    {
        data = new DataChoice(this);
        workers.RequireAtLeast(1);
        batch.RequireAtLeast(1);
        seconds.RequireBetween(0.01, 3600);
        Add(net);
        Add(workers);
        Add(batch);
        Add(seconds);
        Add(loadingOnly);
        device = new DeviceChoice(this);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        NetInfo info = Nets.Find(options.GetValue(net)!);
        Shape input = info.Graph().Nodes.Single(n => n.Layer is Input).Shape;
        using var jpeg = new JpegDecoder();
        var clock = Stopwatch.StartNew();
        Dataset set = data.Open(options, new ImageFiles(jpeg));
        double openSeconds = clock.Elapsed.TotalSeconds;
        Augmentation augmentation = DataChoice.Training(set, input, new BgrMean(info.Mean.Blue, info.Mean.Green, info.Mean.Red));
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {Environment.ProcessorCount} processors");
        ui.Note("data", $"{set}, opened in {Text.Duration(openSeconds)}");

        int size = options.GetValue(batch);
        // Pictures of a fixed small size are no input of the net.
        bool compares = !options.GetValue(loadingOnly) && augmentation.Shape == input;
        double? training = compares ? Training(options, info, size, ui, cancellation) : null;
        LoadingSpeed[] speeds = [.. options.GetValue(workers)!.Select(count => ui.Track(progress => Measure(set, augmentation, size, count, options.GetValue(seconds), progress, cancellation)))];
        var result = new BenchDataResult($"{set.Name} {set.Split}", set.Count, augmentation.Shape.ToString(), size, openSeconds, compares ? info.Name : null, training,
            [.. speeds.Select(s => new BenchLoading(s.Workers, s.ImagesPerSecond, s.ImagesPerProcessorSecond, s.AllocatedBytesPerImage, s.ImagesPerSecond / training))]);
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(result));
        else Print(result, ui);
        return ExitCode.Ok;
    }

    private double Training(ParseResult options, NetInfo info, int size, Ui ui, CancellationToken cancellation)
    {
        using Backend backend = device.Open(options, ui);
        return ui.Track(progress => new NetBench(info, size, backend, TrainingRepetitions, limitSeconds: 0, progress, cancellation).Run()).TrainStep.ImagesPerSecond;
    }

    private static LoadingSpeed Measure(Dataset set, Augmentation augmentation, int size, int count, double seconds, IProgress<InitProgress> progress, CancellationToken cancellation)
    {
        var loader = new DataLoader(set, augmentation, new LoaderOptions(size, Seed) { Workers = count });
        return LoadingSpeed.Measure(loader, seconds, new FractionProgress(f => progress.Report(new InitProgress("loading", $"{count} worker{(count == 1 ? "" : "s")}", f))), cancellation);
    }

    private static void Print(BenchDataResult result, Ui ui)
    {
        var table = new TextTable("workers", "images/s", "per processor second", "bytes allocated an image", "of training");
        foreach (BenchLoading l in result.Loading)
            table.Add($"{l.Workers}", Text.Fixed(l.ImagesPerSecond, 0), Text.Fixed(l.ImagesPerProcessorSecond, 0), Text.Fixed(l.AllocatedBytesPerImage, 0), l.TrainingRatio is { } ratio ? $"{Text.Fixed(ratio, 1)} times" : "-");
        ui.Result("data", $"{result.Data}, {Text.Count(result.Samples)} samples, inputs of {result.Input}, {result.Batch} at a time");
        ui.Result();
        ui.Result(table);
        if (result.TrainingImagesPerSecond is not { } training) return;
        ui.Result();
        ui.Result("training", $"{result.Net} takes {Text.Fixed(training, 1)} images/s, {result.Batch} at a time");
    }
}
