using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>The net, and the weights it starts with.</summary>
internal sealed class StartChoice
{
    private readonly Option<string> net, init;
    private readonly Option<string?> between, weights;
    private readonly Option<string[]> skip;
    private readonly Option<Shape?> inputSize;
    private readonly Option<bool> noWithin, zeroClassifier;
    private readonly Option<int> count;
    private readonly Option<float> bias;

    public StartChoice(TrainingOptionSet set)
    {
        net = set.Add<string>("net", $"{string.Join(", ", Nets.All.Select(n => n.Name))}; or a file that describes one: {ModelFormats.List(f => f.HoldsNet)}. A file's own losses and factors on rates and decays hold; where it has no loss, the one that goes with the data is put on.", "NAME|FILE").RequireOneOf([.. Nets.All.Select(n => n.Name)], ModelFormats.IsFile);
        inputSize = set.Add<Shape?>("input-size", NetChoice.SizeDescription, "C,H,W");
        inputSize.CustomParser = NetChoice.ParseSize;
        init = set.Add<string>("init", $"How weights are made: {string.Join(", ", InitMethods.Names)}.", "NAME").RequireOneOf(InitMethods.Names);
        between = set.Add<string?>("between", $"How layers are brought to one rate: {string.Join(", ", InitMethods.BetweenNames)}; by default none for --weights, for lsuv and for methods that do not look at pictures, scale-layers for the others.", "MODE");
        noWithin = set.Flag("no-within", "Leave out the within-layer step: gaussian then has a deviation of 0.01.");
        count = set.Add<int>("init-count", "Training pictures that the initialization looks at.", "N");
        bias = set.Add<float>("bias", "The mean that every channel gets.", "X");
        zeroClassifier = set.Flag("zero-classifier", "Start with a classifier of zeros.");
        weights = set.Add<string?>("weights", "Start with a file's weights, or those of a run (its folder, or RUN/best).", "FILE");
        skip = set.Add<string[]>("skip", "With --weights: layers to make anew by --init.", "LAYER");
        skip.AllowMultipleArgumentsPerToken = true;
        count.RequireAtLeast(1);
        bias.RequireBetween(-1e6, 1e6);
        between.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value).Where(v => !InitMethods.BetweenNames.Contains(v)))
                result.AddError($"--between: there is no {value}; did you mean {NearestName.Of(value, InitMethods.BetweenNames)}? There are {string.Join(", ", InitMethods.BetweenNames)}");
        });
    }

    /// <summary>The method's option.</summary>
    public Option<string> Init => init;

    public NetSource Net(ParseResult options, Action<string> note) => NetSource.Of(options.GetRequiredValue(net), new NetReading(note) { InputSize = options.GetValue(inputSize) });

    /// <summary>The mode by which layers are brought to one rate.</summary>
    public string Between(ParseResult options) => options.GetValue(between)
        ?? (options.GetValue(weights) is not null ? "none" : InitMethods.DefaultBetween(options.GetRequiredValue(init)));

    /// <summary>Fills the parameters; null where they are a file's as they are.</summary>
    public InitReport? Apply(ParseResult options, NetInfo info, ParameterSet parameters, Dataset data, Augmentation augmentation, ulong seed, int workers, Ui ui, CancellationToken cancellation)
    {
        string? file = options.GetValue(weights);
        string[] layers = options.GetValue(skip) ?? [];
        if (file is null && layers.Length > 0) throw new ToolException(ExitCode.Usage, "--skip leaves layers out of a file: give --weights FILE with it");
        // Other programs' files may hold more than the net: the classifier that was renamed, say.
        if (file is not null) Weights.Load(parameters, CheckpointFolder.Resolve(file), layers, ui, "use --skip LAYER to make a layer anew, or --net for the net that the weights are of", strict: ModelFormats.Find(file) is not { HoldsNet: true });
        string mode = Between(options);
        if (file is not null && layers.Length == 0 && mode == "none")
        {
            if (options.GetValue(zeroClassifier)) Initializer.ZeroClassifiers(parameters);
            return null;
        }
        var chosen = new InitOptions
        {
            Method = options.GetRequiredValue(init),
            Between = mode,
            Within = !options.GetValue(noWithin),
            Bias = options.GetValue(bias),
            ZeroClassifier = options.GetValue(zeroClassifier),
            KeepExisting = file is not null,
            Fills = info.Fills,
            Seed = seed,
            Elements = false,
        };
        if (file is not null && InitMethods.Blind.Contains(chosen.Method)) throw new ToolException(ExitCode.Usage, $"--weights with --skip needs a method that looks at pictures: {string.Join(", ", InitMethods.FromData)}");
        float[] images = Pictures(data.Take(options.GetValue(count), seed), augmentation, seed, workers, out int taken);
        InitReport report = ui.Track(progress => Initializer.Run(parameters, images, taken, chosen, progress, cancellation));
        Weights.RequireFinite(parameters, report.Rates);
        return report;
    }

    // As training sees them.
    private static float[] Pictures(Dataset few, Augmentation augmentation, ulong seed, int workers, out int count)
    {
        var loader = new DataLoader(few, augmentation, LoaderOptions.Once(few.Count, seed) with { Workers = workers, Prefetch = 0 });
        LabelledBatch batch = loader.Batches().First();
        count = batch.Count;
        return batch.Images;
    }
}
