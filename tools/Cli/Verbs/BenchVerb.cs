using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>Measurements of speed: a command for nets, one for kernels, one for initializations, one for loading data.</summary>
internal sealed class BenchVerb : Verb
{
    public BenchVerb() : base("bench", "Measures how fast nets, kernels, initializations and the loading of data run here, and how near they come to what the machine can do.",
        "evennet bench net caffenet --batch 32", "evennet bench kernels --filter conv", "evennet bench init caffenet --method kmeans", "evennet bench data --voc VOCdevkit")
    {
        Subcommands.Add(new BenchNetVerb());
        Subcommands.Add(new BenchKernelsVerb());
        Subcommands.Add(new BenchInitVerb());
        Subcommands.Add(new BenchDataVerb());
    }

    // The parser asks for one of the commands before this is reached.
    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation) => ExitCode.Usage;
}
