using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>
/// The settings of a run as text by option name: what a command line names over what a run was begun with over the defaults. Each command line can be made
/// from them again, so that what a run records is what it was run with, and resuming is running the same line.
/// </summary>
internal static class TrainingSettings
{
    // What a resumed run may do otherwise: how far it goes and what it reports.
    private static readonly string[] Changeable = ["iterations", "log-every", "keep-every", "keep", "patience", "least-gain", "eval-every", "save-every", "crops", "eval-crops", "test-split", "test-list", "eval-count", "rates", "depth"];

    // A schedule that ends at the last iteration changes with it.
    private static readonly string[] EndingPolicies = ["cosine", "polynomial"];

    /// <summary>Metadata of a checkpoint: <see cref="Hash"/>.</summary>
    public const string HashKey = "settings";

    /// <summary>What a command line names.</summary>
    public static Dictionary<string, string> Given(ParseResult parsed, TrainingOptionSet options)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Option option in options.All)
            if (parsed.GetResult(option) is { Implicit: false } result)
                given[Name(option)] = option.ValueType == typeof(bool) && result.Tokens.Count == 0 ? "true" : string.Join(' ', result.Tokens.Select(t => t.Value));
        return given;
    }

    /// <summary>Completes what was given by the kind's defaults.</summary>
    public static Dictionary<string, string> Complete(Dictionary<string, string> given, TrainingOptionSet options)
    {
        var all = new Dictionary<string, string>(given, StringComparer.Ordinal);
        foreach (Option option in options.All)
            if (!all.ContainsKey(Name(option)) && options.Kind.Default(Name(option)) is { } value) all[Name(option)] = value;
        return all;
    }

    /// <summary>Settings of a run to be resumed, with those of the command line that may change.</summary>
    /// <exception cref="ToolException">One was given that may not.</exception>
    public static Dictionary<string, string> Resume(IReadOnlyDictionary<string, string> recorded, Dictionary<string, string> given)
    {
        var all = new Dictionary<string, string>(recorded, StringComparer.Ordinal);
        foreach ((string name, string value) in given)
        {
            if (recorded.TryGetValue(name, out string? same) && IsSame(same, value)) continue;
            string was = recorded.TryGetValue(name, out string? before) ? before : "not given";
            if (!CanChange(name)) throw new ToolException(ExitCode.Usage, $"--{name} {value}: the run was begun with {was}, and a resumed run goes on as it began; to begin a new one from its weights give --weights RUN");
            if (name == "iterations" && EndingPolicies.Contains(recorded.GetValueOrDefault("policy")))
                throw new ToolException(ExitCode.Usage, $"--iterations {value}: the rate of this run falls until iteration {was} (--policy {recorded["policy"]}), so another number would change the steps that are done; begin a new run with --weights RUN");
            all[name] = value;
        }
        return all;
    }

    /// <summary>The command line's options for these settings.</summary>
    public static IEnumerable<string> Arguments(IReadOnlyDictionary<string, string> settings, TrainingOptionSet options)
    {
        foreach (Option option in options.All)
        {
            if (!settings.TryGetValue(Name(option), out string? value)) continue;
            if (option.ValueType == typeof(bool))
            {
                if (value == "true") yield return option.Name;
                continue;
            }
            yield return option.Name;
            // Lists of names and numbers: none holds a space.
            foreach (string part in option.Arity.MaximumNumberOfValues > 1 ? value.Split(' ') : [value]) yield return part;
        }
    }

    /// <summary>Of all that makes the result: the same for runs that must agree step by step, wherever their data lie.</summary>
    public static string Hash(IReadOnlyDictionary<string, string> settings) =>
        RunRecord.HashOf(settings.Where(s => !CanChange(s.Key)).ToDictionary(s => s.Key, s => s.Value));

    /// <summary>Refuses to go on from a checkpoint that other settings made.</summary>
    /// <exception cref="ToolException">They are others.</exception>
    public static void RequireSame(IReadOnlyDictionary<string, string> settings, IReadOnlyDictionary<string, string> metadata, string checkpoint)
    {
        if (metadata.TryGetValue(HashKey, out string? made) && made != Hash(settings))
            throw new ToolException(ExitCode.Data, $"{checkpoint} was made with other settings than {RunRecord.FileName} beside it says; was one of them changed or copied? Begin a new run from its weights with --weights");
    }

    // The data may have moved.
    private static bool CanChange(string name) => Changeable.Contains(name) || TrainingKind.All.Any(k => k.Name == name);

    // 0.0010 is 0.001.
    private static bool IsSame(string one, string other) => one == other
        || double.TryParse(one, CultureInfo.InvariantCulture, out double a) && double.TryParse(other, CultureInfo.InvariantCulture, out double b) && a == b;

    private static string Name(Option option) => option.Name[2..];
}
