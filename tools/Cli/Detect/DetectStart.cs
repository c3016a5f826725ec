using System.CommandLine;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>The detector's net, and the weights it starts with: its layers are made, or read, as those of the classification net.</summary>
internal sealed class DetectStart
{
    // Girshick 2015, §2.3: zero-mean Gaussians of these deviations.
    private const float ScoresDeviation = 0.01f, BoxesDeviation = 0.001f;

    private readonly Option<string> net, init;
    private readonly Option<string?> cut, between, weights;
    private readonly Option<int> count;
    private readonly Option<float> bias;

    public DetectStart(TrainingOptionSet set)
    {
        net = set.Add<string>("net", $"{string.Join(", ", Nets.All.Select(n => n.Name))}.", "NAME").RequireOneOf([.. Nets.All.Select(n => n.Name)]);
        cut = set.Add<string?>("cut", "The pooling that becomes RoI pooling; the last before the classifier by default.", "NODE");
        init = set.Add<string>("init", $"How weights are made: {string.Join(", ", InitMethods.Names)}.", "NAME").RequireOneOf(InitMethods.Names);
        between = set.Add<string?>("between", $"How layers are brought to one rate: {string.Join(", ", InitMethods.BetweenNames)}; the method's own by default.", "MODE");
        count = set.Add<int>("init-count", "Training pictures that the initialization looks at.", "N");
        bias = set.Add<float>("bias", "The mean that every channel gets.", "X");
        weights = set.Add<string?>("weights", "Start with the weights of a classification net, or of a detector: a file, or a run.", "FILE");
        count.RequireAtLeast(1);
        bias.RequireBetween(-1e6, 1e6);
        between.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value).Where(v => !InitMethods.BetweenNames.Contains(v)))
                result.AddError($"--between: there is no {value}; did you mean {NearestName.Of(value, InitMethods.BetweenNames)}? There are {string.Join(", ", InitMethods.BetweenNames)}");
        });
    }

    public Option<string> Init => init;

    public NetInfo Net(ParseResult options) => Nets.Find(options.GetRequiredValue(net));

    public string? Cut(ParseResult options) => options.GetValue(cut);

    /// <summary>Fills a detector's parameters.</summary>
    public void Apply(ParseResult options, ParameterSet detector, DetectorNet own, VocDataset data, BgrMean mean, ulong seed, int workers, Ui ui, CancellationToken cancellation)
    {
        int index = 0;
        foreach ((string layer, float deviation) in new[] { (DetectorNet.ScoresName, ScoresDeviation), (DetectorNet.BoxesName, BoxesDeviation) })
        {
            Parameter weight = detector[$"{layer}.weight"];
            float[] values = new float[weight.Count];
            new Philox(seed, RandomPurpose.Weights, LastLayers + index++).FillGaussian(values);
            for (int i = 0; i < values.Length; i++) values[i] *= deviation;
            weight.Write(values);
            detector[$"{layer}.bias"].Fill(0);
        }
        NetInfo info = Net(options);
        string? file = options.GetValue(weights) is { } given ? CheckpointFolder.Resolve(given) : null;
        if (file is not null && DetectorFile.IsDetector(file))
        {
            Weights.Load(detector, file, [], ui, "use --net and --cut for the detector that the weights are of");
            return;
        }
        Node scores = info.Outputs(data.Classes.Count)[^1];
        using var classification = new ParameterSet(Graph.Of(scores), detector.Backend);
        if (file is null) Make(options, info, classification, data, mean, seed, workers, ui, cancellation);
        else Weights.Load(classification, file, [own.Classifier], ui, "use --net for the net that the weights are of", strict: false);
        var taken = new List<string>();
        foreach (Parameter p in detector.All)
        {
            if (!classification.TryGet(p.Name, out Parameter? from)) continue;
            p.Write(from!.Read());
            taken.Add(p.Name);
        }
        ui.Note("detector", $"{taken.Count} tensors of {info.Name}; {DetectorNet.ScoresName} and {DetectorNet.BoxesName} anew; cut at {own.Cut}, {own.Stride} pixels a cell");
    }

    // Behind those of every net's layers.
    private const int LastLayers = 1 << 20;

    private void Make(ParseResult options, NetInfo info, ParameterSet parameters, VocDataset data, BgrMean mean, ulong seed, int workers, Ui ui, CancellationToken cancellation)
    {
        string method = options.GetRequiredValue(init);
        Shape input = parameters.Graph.Nodes.Single(n => n.Layer is Input).Shape;
        Dataset few = data.Take(options.GetValue(count), seed);
        var loader = new DataLoader(few, DataChoice.Training(data, input, mean), LoaderOptions.Once(few.Count, seed) with { Workers = workers, Prefetch = 0 });
        LabelledBatch batch = loader.Batches(cancellation: cancellation).First();
        var chosen = new InitOptions
        {
            Method = method,
            Between = options.GetValue(between) ?? InitMethods.DefaultBetween(method),
            Bias = options.GetValue(bias),
            Fills = info.Fills,
            Seed = seed,
            Elements = false,
        };
        InitReport report = ui.Track(progress => Initializer.Run(parameters, batch.Images, batch.Count, chosen, progress, cancellation));
        Weights.RequireFinite(parameters, report.Rates);
    }
}
