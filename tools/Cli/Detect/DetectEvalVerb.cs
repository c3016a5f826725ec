using System.CommandLine;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Cli;

/// <summary>Judges a detector.</summary>
internal sealed class DetectEvalVerb : Verb
{
    // What an evaluation takes over from the run that made the weights.
    private static readonly string[] Inherited = ["year", "test-split", "eval-count", "test-proposals", "most-proposals", "test-side", "test-longest", "mean"];

    private readonly TrainingOptionSet set;
    private readonly DetectionData data;
    private readonly Option<string> weights;
    private readonly Option<ulong> seed;
    private readonly Option<string?> results = new("--results") { Description = "Write the detections into this folder, a file a class, as VOC's own program reads them.", HelpName = "DIR" };
    private readonly Option<string?> output = new("--out", "-o") { Description = "Write all figures and curves here (JSON).", HelpName = "FILE" };
    private readonly DeviceChoice device;
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public DetectEvalVerb() : base("eval", "Judges a detector by PASCAL VOC's rules: average precision of every class, difficult objects left out, second hits counted as errors.",
        "evennet detect eval --voc VOCdevkit --weights runs/RUN", "evennet detect eval --voc VOCdevkit --weights runs/RUN/best --test-proposals voc_2007_test.mat --results results --json")
    {
        set = new TrainingOptionSet(this, DetectionKind.Kind);
        data = new DetectionData(set, isEvaluation: true);
        weights = set.Add<string>("weights", "A run's folder, RUN/best, or a detector's weight file.", "FILE");
        seed = set.Add<ulong>("seed", "Of the choice of --eval-count pictures.", "N");
        data.Place.Required = weights.Required = true;
        Add(results);
        Add(output);
        device = new DeviceChoice(this);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        DetectorFile file = DetectorFile.Open(options.GetRequiredValue(weights));
        Dictionary<string, string> given = TrainingSettings.Given(options, set);
        if (RunSearch.RunOf(file.Path) is { } run)
        {
            foreach (string name in Inherited.Append("seed"))
                if (run.Settings.TryGetValue(name, out string? value) && value != TrainingData.NoTest) given.TryAdd(name, value);
            if (run.Settings.TryGetValue("proposals", out string? own)) given.TryAdd("test-proposals", own);
        }
        ParseResult full = set.Parse(TrainingSettings.Complete(given, set));
        using var jpeg = new JpegDecoder();
        DetectionSet judged = data.OpenTest(full, new ImageFiles(jpeg), full.GetValue(seed)) ?? throw new ToolException(ExitCode.Data, $"{full.GetRequiredValue(data.Place)} has no split test; name one with --test-split");
        using Backend backend = device.Open(options, ui);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description}");
        ui.Note("data", $"{Text.Count(judged.Count)} pictures of {judged.Data.Name} {judged.Data.Split}, proposals: {judged.Proposals.Name}");
        (ParameterSet parameters, Detector detector) = file.Load(backend, data.Options(full), ui);
        using (parameters)
        using (detector)
        {
            var evaluator = new DetectionEvaluator(detector, judged);
            var found = (DetectionEvaluation)ui.Track(progress => evaluator.Run(new FractionProgress(f => progress.Report(new InitProgress("judging", $"{f * judged.Count:F0} of {judged.Count}", f))), cancellation));
            if (options.GetValue(results) is { } folder)
            {
                VocResults.Write(folder, judged.Data.Split, judged.Classes, [.. Enumerable.Range(0, judged.Count).Select(judged.Id)], evaluator.Found);
                ui.Note("wrote", Path.Combine(folder, VocResults.NameOf(judged.Data.Split, "CLASS")));
            }
            if (options.GetValue(output) is { } place) DetectionRecord.Of(found, judged, file.Iteration, file.Path).Write(place);
            if (options.GetValue(json)) ui.Raw(ToolJson.Write(DetectEvalResult.Of(found, judged, file)));
            else DetectionTables.Print(found, judged, ui);
        }
        return ExitCode.Ok;
    }
}
