using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>
/// The options of a training that make its result, each with its default from the <see cref="TrainingKind"/>. None has a default of its own: a command line
/// is first read for what it names, then completed (<see cref="TrainingSettings"/>), then read again.
/// </summary>
internal sealed class TrainingOptionSet(Command command, TrainingKind kind)
{
    private readonly List<Option> all = [];

    public TrainingKind Kind => kind;

    /// <summary>In the order of the help.</summary>
    public IReadOnlyList<Option> All => all;

    /// <summary>An option with a value.</summary>
    public Option<T> Add<T>(string name, string description, string help)
    {
        string shown = kind.Default(name) is { } value ? $"{description} [default: {value}]" : description;
        var option = new Option<T>($"--{name}") { Description = shown, HelpName = help };
        return Keep(option);
    }

    /// <summary>An option without one.</summary>
    public Option<bool> Flag(string name, string description) => Keep(new Option<bool>($"--{name}") { Description = description });

    /// <summary>These settings as a command line, every option that has a value named.</summary>
    /// <exception cref="ToolException">An option has no such value.</exception>
    public ParseResult Parse(IReadOnlyDictionary<string, string> settings)
    {
        ParseResult full = command.Parse([.. TrainingSettings.Arguments(settings, this)]);
        return full.Errors.Count == 0 ? full : throw new ToolException(ExitCode.Usage, string.Join("\n", full.Errors.Select(e => e.Message)));
    }

    private T Keep<T>(T option) where T : Option
    {
        command.Options.Add(option);
        all.Add(option);
        return option;
    }
}
