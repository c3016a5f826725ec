using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>Object detection: a command for each of its stages.</summary>
internal sealed class DetectVerb : Verb
{
    public DetectVerb() : base("detect", "Finds objects and their boxes with Fast R-CNN: boxes to look at, a detector trained from any initialization, its judgement by PASCAL VOC's rules, pictures of what it finds.",
        "evennet detect propose --voc VOCdevkit --split trainval --out boxes.npz", "evennet detect train --voc VOCdevkit --net caffenet --init kmeans", "evennet detect eval --voc VOCdevkit --weights runs/RUN",
        "evennet detect show street.jpg --weights runs/RUN --out found")
    {
        Subcommands.Add(new ProposeVerb());
        Subcommands.Add(new DetectTrainVerb());
        Subcommands.Add(new DetectEvalVerb());
        Subcommands.Add(new DetectShowVerb());
    }

    // The parser asks for one of the commands before this is reached.
    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation) => ExitCode.Usage;
}
