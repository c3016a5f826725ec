using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>Object detection: a command for each of its stages.</summary>
internal sealed class DetectVerb : Verb
{
    public DetectVerb() : base("detect", "Object detection.",
        "evennet detect propose --voc VOCdevkit --split trainval --output boxes.npz")
    {
        Subcommands.Add(new ProposeVerb());
    }

    // The parser asks for one of the commands before this is reached.
    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation) => ExitCode.Usage;
}
