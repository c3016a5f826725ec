using EvenNet.Initialization;
using Spectre.Console;

namespace EvenNet.Cli;

/// <summary>
/// All that a command says: results to standard output, everything else to standard error. Spectre.Console stays behind this class: it writes
/// escape codes into pipes unless it is told what is a terminal.
/// </summary>
internal sealed class Ui
{
    // Text is never wrapped, so that every path that is printed can be pasted.
    private const int NeverWrap = 100_000;

    private const int LabelWidth = 10;

    private readonly Terminal terminal;
    private readonly IAnsiConsole output, error;

    public Ui(Terminal terminal, bool isQuiet = false, bool isVerbose = false)
    {
        (this.terminal, IsQuiet, IsVerbose) = (terminal, isQuiet, isVerbose);
        output = Console(terminal.Output, terminal.IsOutputTerminal);
        error = Console(terminal.Error, terminal.IsErrorTerminal);
    }

    /// <summary>Only results, warnings and errors.</summary>
    public bool IsQuiet { get; }

    /// <summary>More detail, and stack traces with errors.</summary>
    public bool IsVerbose { get; }

    /// <summary>The same without results: for work that is part of other work.</summary>
    public Ui WithoutResults() => new(terminal with { Output = TextWriter.Null, IsOutputTerminal = false }, IsQuiet, IsVerbose);

    /// <summary>A line of the result.</summary>
    public void Result(string line = "") => output.WriteLine(line);

    /// <summary>A labelled line of the result: «flatness  1.13».</summary>
    public void Result(string label, string value) => output.MarkupLine(Labelled(label, value));

    /// <summary>A table of the result.</summary>
    public void Result(TextTable table)
    {
        bool isHeader = true;
        foreach (string line in table.Lines())
        {
            output.MarkupLine(isHeader ? $"[bold]{Markup.Escape(line)}[/]" : Markup.Escape(line));
            isHeader = false;
        }
    }

    /// <summary>Text of the result as it is: one JSON document.</summary>
    public void Raw(string text)
    {
        terminal.Output.WriteLine(text);
        terminal.Output.Flush();
    }

    /// <summary>A labelled line beside the result: what is being done, on what, with what.</summary>
    public void Note(string label, string value)
    {
        if (!IsQuiet) error.MarkupLine(Labelled(label, value));
    }

    /// <summary>A line beside the result.</summary>
    public void Note(string line)
    {
        if (!IsQuiet) error.WriteLine(line);
    }

    /// <summary>Something done otherwise than asked; shown even when quiet.</summary>
    public void Warn(string message) => error.MarkupLine($"[yellow]{"warning".PadRight(LabelWidth)}[/]{Markup.Escape(message)}");

    /// <summary>Why the command failed.</summary>
    public void Fail(string message) => error.MarkupLine($"[red]{"error".PadRight(LabelWidth)}[/]{Markup.Escape(message)}");

    /// <summary>Runs long work and shows how far it is: a bar with the time left on a terminal, else a line now and then.</summary>
    public T Track<T>(Func<IProgress<InitProgress>, T> work)
    {
        if (IsQuiet) return work(new Silence());
        if (!terminal.IsErrorTerminal) return work(new LineProgress(terminal.Error));
        IAnsiConsole console = Console(terminal.Error, isTerminal: true, wrap: true);
        return LiveProgress.Run(console, work);
    }

    private IAnsiConsole Console(TextWriter writer, bool isTerminal, bool wrap = false)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal && terminal.HasColour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
            // The default ones switch escape codes on wherever they recognise a build server.
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        if (!wrap) console.Profile.Width = NeverWrap;
        return console;
    }

    private static string Labelled(string label, string value) => $"[grey]{Markup.Escape(label.PadRight(LabelWidth))}[/]{Markup.Escape(value)}";

    private sealed class Silence : IProgress<InitProgress>
    {
        public void Report(InitProgress value) { }
    }
}
