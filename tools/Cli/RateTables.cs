namespace EvenNet.Cli;

/// <summary>Change rates as tables for people.</summary>
internal static class RateTables
{
    /// <summary>All that was measured of one net.</summary>
    public static TextTable One(IReadOnlyList<LayerResult> layers)
    {
        bool hasElements = layers.Any(l => double.IsFinite(l.ElementRate)), hasWeights = layers.Any(l => l.Weights is not null);
        List<string> headers = ["layer", "rate", "cv"];
        if (hasElements) headers.AddRange(["element rate", "cv"]);
        headers.AddRange(["output mean", "std"]);
        if (hasWeights) headers.Add("weights");
        var table = new TextTable([.. headers]) { Left = hasWeights ? [headers.Count - 1] : [] };
        foreach (LayerResult l in layers)
        {
            List<string> row = [l.Name, Text.Rate(l.Rate), Text.Fixed(l.RateCv)];
            if (hasElements) row.AddRange([Text.Rate(l.ElementRate), Text.Fixed(l.ElementRateCv)]);
            row.AddRange([Number(l.OutputMean), Number(l.OutputStd)]);
            if (hasWeights) row.Add(l.Weights ?? "");
            table.Add([.. row]);
        }
        return table;
    }

    /// <summary>Rate and variation of several runs side by side, the flatness last. A title stands above its two columns.</summary>
    public static TextTable SideBySide(IReadOnlyList<(string Title, IReadOnlyList<LayerResult> Layers, double Flatness)> runs)
    {
        var table = new TextTable(["layer", .. runs.SelectMany(r => new[] { r.Title, "cv" })]);
        foreach (string name in runs.SelectMany(r => r.Layers).Select(l => l.Name).Distinct())
        {
            table.Add([name, .. runs.SelectMany(r =>
            {
                LayerResult? layer = r.Layers.FirstOrDefault(l => l.Name == name);
                return layer is null ? new[] { "", "" } : [Text.Rate(layer.Rate), Text.Fixed(layer.RateCv)];
            })]);
        }
        table.Add(["flatness", .. runs.SelectMany(r => new[] { Text.Ratio(r.Flatness), "" })]);
        return table;
    }

    public static void PrintFlatness(double flatness, Ui ui) => ui.Result("flatness", $"{Text.Ratio(flatness)}  (largest over smallest layer rate; 1 is even)");

    private static string Number(double value) => Math.Abs(value) is < 1e4 and >= 1e-3 or 0 ? Text.Fixed(value, 3) : Text.Rate(value);
}
