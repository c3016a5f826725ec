using System.Globalization;

namespace EvenNet.Report;

/// <summary>How the page writes numbers: four significant digits, with an exponent where plain digits would be hard to read.</summary>
internal static class Numbers
{
    public static string Text(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "∞" : "−∞";
        double size = Math.Abs(value);
        string text = size switch
        {
            0 => "0",
            >= 1e-3 and < 9999.5 => value.ToString($"F{Math.Clamp(3 - (int)Math.Floor(Math.Log10(size)), 0, 6)}", CultureInfo.InvariantCulture),
            _ => value.ToString("0.000e0", CultureInfo.InvariantCulture),
        };
        return text.Replace('-', '−');
    }

    public static string Text(double? value) => value is { } number ? Text(number) : "";

    /// <summary>A ratio with three digits: 1.13, 61.4, 8.2e5.</summary>
    public static string Ratio(double value) => value switch
    {
        double.NaN => "NaN",
        double.PositiveInfinity => "∞",
        < 10 => value.ToString("0.00", CultureInfo.InvariantCulture),
        < 100 => value.ToString("0.0", CultureInfo.InvariantCulture),
        < 9999.5 => value.ToString("0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.0e0", CultureInfo.InvariantCulture),
    };

    /// <summary>A share: «53.1 %».</summary>
    public static string Percent(double share) => double.IsFinite(share) ? $"{(100 * share).ToString("0.0", CultureInfo.InvariantCulture)} %" : Text(share);

    /// <summary>A count with groups of three digits.</summary>
    public static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Seconds(double seconds) => seconds switch
    {
        < 0.0995 => $"{(seconds * 1000).ToString("0.0", CultureInfo.InvariantCulture)} ms",
        < 60 => $"{seconds.ToString("0.00", CultureInfo.InvariantCulture)} s",
        _ => $"{(int)(seconds / 60)} min {((int)seconds % 60).ToString(CultureInfo.InvariantCulture)} s",
    };
}
