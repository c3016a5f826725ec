namespace EvenNet.Cli;

/// <summary>Where the tool writes. A stream that is no terminal gets plain text: no colour, no cursor movement, no question.</summary>
internal sealed record Terminal(TextWriter Output, TextWriter Error)
{
    public bool IsOutputTerminal { get; init; }

    public bool IsErrorTerminal { get; init; }

    /// <summary>False where NO_COLOR is set.</summary>
    public bool HasColour { get; init; } = true;

    public static Terminal OfProcess()
    {
        bool isDumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new Terminal(Console.Out, Console.Error)
        {
            IsOutputTerminal = !Console.IsOutputRedirected && !isDumb,
            IsErrorTerminal = !Console.IsErrorRedirected && !isDumb,
            HasColour = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        };
    }
}
