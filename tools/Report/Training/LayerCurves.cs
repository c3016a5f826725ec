using System.Globalization;
using static EvenNet.Report.HtmlReport;

namespace EvenNet.Report;

/// <summary>Change rates and updates of a run's layers over its iterations.</summary>
internal static class LayerCurves
{
    // Legends of more layers name the first and the last.
    private const int MostNamed = 10;

    public static ChartLine[] Lines(RunData run, string suffix)
    {
        RunCurve[] layers = [.. run.Curves.Where(c => c.Kind == RunData.Rates && c.Name.EndsWith(suffix, StringComparison.Ordinal))];
        return [.. layers.Select((c, i) => new ChartLine(c.Name[..^suffix.Length], Colour(i, layers.Length), c))];
    }

    /// <summary>The largest rate of a layer over the smallest, at each iteration at which all are known.</summary>
    public static RunCurve Flatness(RunData run)
    {
        var rates = new SortedDictionary<double, List<double>>();
        RunCurve[] layers = [.. run.Curves.Where(c => c.Kind == RunData.Rates && c.Name.EndsWith(RunData.RateSuffix, StringComparison.Ordinal))];
        foreach (RunCurve layer in layers)
            foreach ((double x, double y) in layer.Iterations.Zip(layer.Values))
                if (y > 0 && double.IsFinite(y)) (rates.TryGetValue(x, out List<double>? at) ? at : rates[x] = []).Add(y);
        KeyValuePair<double, List<double>>[] whole = [.. rates.Where(r => r.Value.Count == layers.Length)];
        return new RunCurve(RunData.Rates, "flatness", [.. whole.Select(r => r.Key)], [.. whole.Select(r => r.Value.Max() / r.Value.Min())]);
    }

    public static string Legend(ChartLine[] lines)
    {
        IEnumerable<(string Label, string Colour)> named = lines.Length <= MostNamed ? lines.Select(l => (l.Label, l.Colour)) : lines.Take(1).Append(lines[lines.Length / 2]).Append(lines[^1]).Select(l => (l.Label, l.Colour));
        return $"<ul class=\"legend\">{string.Concat(named.Select(l => $"<li><i class=\"dash\" style=\"background: {l.Colour}\"></i>{Escape(l.Label)}</li>"))}</ul>\n";
    }

    // From the first layer's colour by the middle's to the last one's; the page's style has them for light and dark.
    private static string Colour(int layer, int count)
    {
        double place = count > 1 ? 2.0 * layer / (count - 1) : 0;
        (string from, string to) = place <= 1 ? ("first", "middle") : ("middle", "last");
        return $"color-mix(in oklab, var(--layer-{to}) {(100 * (place <= 1 ? place : place - 1)).ToString("0", CultureInfo.InvariantCulture)}%, var(--layer-{from}))";
    }
}
