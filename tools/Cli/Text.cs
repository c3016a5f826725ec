using System.Globalization;

namespace EvenNet.Cli;

/// <summary>Numbers for people, the same in every country.</summary>
internal static class Text
{
    /// <summary>«60,965,224».</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number as programs read it.</summary>
    public static string Invariant(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>«3.12e-04».</summary>
    public static string Rate(double value) => double.IsFinite(value) ? value.ToString("0.00e+00", CultureInfo.InvariantCulture) : "-";

    /// <summary>«0.42».</summary>
    public static string Fixed(double value, int digits = 2) =>
        double.IsFinite(value) ? value.ToString(string.Create(CultureInfo.InvariantCulture, $"F{digits}"), CultureInfo.InvariantCulture) : "-";

    /// <summary>«1.30», «61», «8.2e+05»: three digits where they matter.</summary>
    public static string Ratio(double value) => !double.IsFinite(value) ? "-" : value switch
    {
        < 10 => Fixed(value),
        < 1000 => Fixed(value, 0),
        _ => value.ToString("0.0e+00", CultureInfo.InvariantCulture),
    };

    /// <summary>«132 MB»; a megabyte is 10⁶ bytes.</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        >= 1e10 => $"{Fixed(bytes / 1e9, 1)} GB",
        >= 1e9 => $"{Fixed(bytes / 1e9)} GB",
        >= 1e7 => $"{Fixed(bytes / 1e6, 0)} MB",
        >= 1e6 => $"{Fixed(bytes / 1e6, 1)} MB",
        _ => $"{Fixed(bytes / 1e3, 0)} kB",
    };

    /// <summary>«0.4 s», «12 s», «1 m 12 s», «1 h 05 m».</summary>
    public static string Duration(double seconds) => seconds switch
    {
        < 9.95 => $"{Fixed(seconds, 1)} s",
        < 59.5 => $"{Fixed(seconds, 0)} s",
        < 3599.5 => string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Round(seconds) / 60} m {(int)Math.Round(seconds) % 60:00} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Round(seconds) / 3600} h {(int)Math.Round(seconds) % 3600 / 60:00} m"),
    };

    /// <summary>A path or argument as it can be pasted into a shell.</summary>
    public static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsLetterOrDigit(c) || "-_./=,:+@%\\~".Contains(c)) ? argument : $"\"{argument.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
