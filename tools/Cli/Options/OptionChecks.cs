using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Checks of option values while the command line is parsed: the message names the option, the value and what would do.</summary>
internal static class OptionChecks
{
    /// <summary>The value must be one of these names, or a file of a kind; the nearest name is suggested.</summary>
    public static Option<string> RequireOneOf(this Option<string> option, IReadOnlyList<string> names, Func<string, bool>? isFile = null)
    {
        option.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value))
                if (!names.Contains(value) && isFile?.Invoke(value) != true) result.AddError(NotOneOf(option.Name, value, names));
        });
        option.CompletionSources.Add([.. names]);
        return option;
    }

    /// <summary>The values must be among these names; the nearest is suggested.</summary>
    public static Option<string[]> RequireOneOf(this Option<string[]> option, IReadOnlyList<string> names)
    {
        option.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value))
                if (!names.Contains(value)) result.AddError(NotOneOf(option.Name, value, names));
        });
        return option;
    }

    /// <summary>The value must be three numbers or a mean picture.</summary>
    public static Option<string?> RequireMean(this Option<string?> option)
    {
        option.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value).Where(v => PictureMean.Numbers(v) is null && !PictureMean.IsFile(v)))
                result.AddError($"--mean takes three numbers, blue,green,red (104,117,123), or a mean picture (.binaryproto), got {value}");
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
