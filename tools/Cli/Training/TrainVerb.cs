using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>Training: a command for each kind of data.</summary>
internal sealed class TrainVerb : Verb
{
    public TrainVerb() : base("train", "Initializes a net from its training pictures and trains it: progress, curves, checkpoints, evaluation; can be interrupted at any moment and resumed to the same bits.",
        "evennet train voc --voc VOCdevkit --net caffenet --init kmeans", "evennet train cifar10 --cifar10 DIR --iterations 2000", "evennet train voc --resume last")
    {
        foreach (TrainingKind kind in TrainingKind.All) Subcommands.Add(new TrainKindVerb(kind));
    }

    // The parser asks for one of the commands before this is reached.
    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation) => ExitCode.Usage;
}
