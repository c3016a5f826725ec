using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>One command of the tool. Its options are its fields, added in the order in which help shows them.</summary>
internal abstract class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines for the end of its help.</summary>
    public IReadOnlyList<string> Examples => examples;

    /// <summary>Does the work and returns an <see cref="ExitCode"/>; what goes wrong is thrown.</summary>
    public abstract int Run(ParseResult options, Ui ui, CancellationToken cancellation);

    protected T Add<T>(T option) where T : Option
    {
        Options.Add(option);
        return option;
    }
}
