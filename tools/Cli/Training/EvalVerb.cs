using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>Judging: a command for each kind of data.</summary>
internal sealed class EvalVerb : Verb
{
    public EvalVerb() : base("eval", "Judges a trained net: average precision of each class where pictures show several, top 1 and top 5 where they show one.",
        "evennet eval voc --voc VOCdevkit --weights runs/RUN", "evennet eval voc --voc VOCdevkit --weights runs/RUN/best --crops 1 --json", "evennet eval cifar10 --cifar10 DIR --weights w.safetensors --net cifar10_quick")
    {
        foreach (TrainingKind kind in TrainingKind.All) Subcommands.Add(new EvalKindVerb(kind));
    }

    // The parser asks for one of the commands before this is reached.
    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation) => ExitCode.Usage;
}
