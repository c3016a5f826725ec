using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>Trains a detector.</summary>
internal sealed class DetectTrainVerb : RunVerb
{
    public DetectTrainVerb() : base(DetectionKind.Kind, "train", $"Trains Fast R-CNN on PASCAL VOC. The defaults are those of {DetectionKind.Kind.Protocol}.",
        "evennet detect train --voc VOCdevkit --net caffenet --init kmeans", "evennet detect train --voc VOCdevkit --proposals voc_2007_trainval.mat --test-proposals voc_2007_test.mat --weights caffenet.safetensors",
        "evennet detect train --voc VOCdevkit --iterations 400 --dry-run", "evennet detect train --resume last")
    {
        Data = new DetectionData(Set);
        Start = new DetectStart(Set);
        Regions = Set.Add<int>("regions", "Regions of each picture in a step.", "N");
        Regions.RequireAtLeast(1);
        Solver = new SolverChoice(Set);
        Course = new RunChoice(Set, isDetection: true);
        AddRun(Data.Place, "Threads that decode the initialization's pictures");
    }

    public DetectionData Data { get; }

    public DetectStart Start { get; }

    public Option<int> Regions { get; }

    public SolverChoice Solver { get; }

    public override RunChoice Course { get; }

    public override string DataName => DetectionKind.Setting;

    public override string CommandLine => "evennet detect train";

    protected override IEnumerable<string> Paths => ["voc", "proposals", "test-proposals"];

    protected override RunSession Open(ParseResult machine, ParseResult options, IReadOnlyDictionary<string, string> settings, string? checkpoint, Ui ui, CancellationToken cancellation) =>
        DetectionSession.Open(this, machine, options, settings, checkpoint, ui, cancellation);
}
