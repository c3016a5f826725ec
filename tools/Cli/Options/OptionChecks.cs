using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Checks of option values while the command line is parsed: the message names the option, the value and what would do.</summary>
internal static class OptionChecks
{
    /// <summary>The value must be one of these names; the nearest is suggested.</summary>
    public static Option<string> RequireOneOf(this Option<string> option, IReadOnlyList<string> names)
    {
        option.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value))
                if (!names.Contains(value)) result.AddError(NotOneOf(option.Name, value, names));
        });
        option.CompletionSources.Add([.. names]);
        return option;
    }

    /// <inheritdoc cref="RequireOneOf(Option{string}, IReadOnlyList{string})"/>
    public static Option<string[]> RequireOneOf(this Option<string[]> option, IReadOnlyList<string> names)
    {
        option.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value))
                if (!names.Contains(value)) result.AddError(NotOneOf(option.Name, value, names));
        });
        return option;
    }

    public static void RequireAtLeast<T>(this Option<T> option, int least) => option.Validators.Add(result =>
    {
        foreach (Token token in result.Tokens)
            if (int.TryParse(token.Value, CultureInfo.InvariantCulture, out int value) && value < least)
                result.AddError($"{option.Name} must be at least {least}, got {value}");
    });

    /// <summary>The value must be a finite number in a range.</summary>
    public static void RequireBetween<T>(this Option<T> option, double least, double most) => option.Validators.Add(result =>
    {
        foreach (Token token in result.Tokens)
            if (double.TryParse(token.Value, CultureInfo.InvariantCulture, out double value) && !(value >= least && value <= most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} must lie between {least} and {most}, got {token.Value}"));
    });

    private static string NotOneOf(string option, string value, IReadOnlyList<string> names) =>
        $"{option}: there is no {value}; did you mean {NearestName.Of(value, names)}? There are {string.Join(", ", names)}";
}
