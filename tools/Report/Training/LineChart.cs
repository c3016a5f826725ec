using System.Globalization;
using System.Text.Json.Nodes;

namespace EvenNet.Report;

/// <summary>A line of a chart.</summary>
/// <param name="Label">In the box at the pointer.</param>
/// <param name="Colour">As CSS writes it.</param>
/// <param name="Curve">Its points.</param>
internal sealed record ChartLine(string Label, string Colour, RunCurve Curve)
{
    /// <summary>Drawn faintly behind this: what it is the mean of.</summary>
    public RunCurve? Raw { get; init; }

    /// <summary>A point to mark.</summary>
    public (double Iteration, double Value)? Best { get; init; }
}

/// <summary>Values over iterations, runs overlaid, as a Vega-Lite specification.</summary>
internal sealed class LineChart(string title, IReadOnlyList<ChartLine> lines)
{
    // Places at which the box at the pointer has numbers.
    private const int Places = 120;

    // More points a line are pixels already.
    private const int MostMarked = 40;

    private const int Ranges = 400, LeastRanges = 60, AllRanges = 1600;

    public bool IsLogarithmic { get; init; }

    public bool IsShare { get; init; }

    public bool IsStep { get; init; }

    public bool HasPoints { get; init; }

    public bool FromZero { get; init; }

    public int Height { get; init; } = 280;

    public JsonObject Specification()
    {
        int ranges = Math.Clamp(AllRanges / Math.Max(1, lines.Count), LeastRanges, Ranges);
        JsonArray layers = [];
        if (lines.Any(l => l.Raw is not null))
            layers.Add(Layer(Points(l => l.Raw?.Thin(ranges)), Line(0.8, 0.28)));
        JsonArray smooth = Points(l => l.Curve.Thin(ranges));
        layers.Add(Layer(smooth, Line(lines.Count > 8 ? 1.5 : 2.1, 1)));
        if (HasPoints && lines.All(l => l.Curve.Values.Count <= MostMarked))
            layers.Add(Layer(smooth.DeepClone(), new JsonObject { ["type"] = "point", ["filled"] = true, ["size"] = 30, ["opacity"] = 1 }));
        if (lines.Any(l => l.Best is not null))
            layers.Add(Layer(new JsonArray([.. lines.Index().Where(l => l.Item.Best is not null).Select(l => Point(l.Index, l.Item.Best!.Value.Iteration, l.Item.Best.Value.Value))]),
                new JsonObject { ["type"] = "point", ["filled"] = false, ["size"] = 170, ["strokeWidth"] = 2, ["opacity"] = 1 }));
        layers.Add(Readings());
        return new JsonObject
        {
            ["width"] = "container",
            ["height"] = Height,
            ["autosize"] = new JsonObject { ["type"] = "fit-x", ["contains"] = "padding" },
            ["encoding"] = new JsonObject
            {
                ["x"] = new JsonObject
                {
                    ["field"] = "x",
                    ["type"] = "quantitative",
                    ["scale"] = new JsonObject { ["nice"] = false, ["zero"] = false, ["domain"] = new JsonArray(0, End()) },
                    ["axis"] = new JsonObject { ["title"] = "iteration", ["grid"] = false, ["tickCount"] = 8, ["labelFlush"] = true },
                },
                ["y"] = ValueAxis(),
            },
            ["layer"] = layers,
        };
    }

    private double End() => Math.Max(1, lines.SelectMany(l => l.Curve.Iterations.TakeLast(1)).DefaultIfEmpty(1).Max());

    private JsonObject Line(double width, double opacity) => new()
    {
        ["type"] = "line",
        ["clip"] = true,
        ["strokeWidth"] = width,
        ["opacity"] = opacity,
        ["strokeJoin"] = "round",
        ["interpolate"] = IsStep ? "step-before" : "linear",
    };

    private JsonObject Layer(JsonNode values, JsonObject mark) => new()
    {
        ["data"] = new JsonObject { ["values"] = values },
        ["mark"] = mark,
        ["encoding"] = new JsonObject
        {
            ["color"] = new JsonObject
            {
                ["field"] = "s",
                ["type"] = "nominal",
                ["legend"] = null,
                ["scale"] = new JsonObject
                {
                    ["domain"] = new JsonArray([.. lines.Select((_, i) => (JsonNode)$"s{i}")]),
                    ["range"] = new JsonArray([.. lines.Select(l => (JsonNode)l.Colour)]),
                },
            },
        },
    };

    private JsonArray Points(Func<ChartLine, RunCurve?> curve) => new([.. lines.Select((l, i) => (Curve: curve(l), Index: i)).Where(l => l.Curve is not null)
        .SelectMany(l => l.Curve!.Iterations.Zip(l.Curve.Values, (x, y) => (JsonNode)Point(l.Index, x, y)))]);

    private JsonObject Point(int line, double x, double y) => new() { ["x"] = x, ["y"] = IsShown(y) ? Short(y) : null, ["s"] = $"s{line}" };

    private bool IsShown(double y) => double.IsFinite(y) && (!IsLogarithmic || y > 0);

    // Six digits are more than can be seen.
    private static double Short(double y) => double.Parse(y.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private JsonObject ValueAxis()
    {
        var axis = new JsonObject { ["title"] = title + (IsLogarithmic ? " (log)" : ""), ["tickCount"] = 6 };
        if (IsShare) axis["format"] = "~%";
        else if (IsLogarithmic) axis["labelExpr"] = "datum.value < 1e-3 || datum.value >= 1e4 ? format(datum.value, '~e') : format(datum.value, '~f')";
        var scale = new JsonObject { ["type"] = IsLogarithmic ? "log" : "linear", ["nice"] = true };
        if (!IsLogarithmic) scale["zero"] = FromZero || IsShare;
        if (Top() is { } top) scale["domainMax"] = top;
        return new JsonObject { ["field"] = "y", ["type"] = "quantitative", ["scale"] = scale, ["axis"] = axis };
    }

    // Faint peaks above what the smooth lines need would press these to the floor; the few highest are cut.
    private double? Top()
    {
        double[] raw = [.. lines.SelectMany(l => l.Raw?.Values ?? []).Where(IsShown).Order()];
        if (raw.Length == 0) return null;
        double smooth = lines.SelectMany(l => l.Curve.Values).Where(IsShown).DefaultIfEmpty(raw[^1]).Max();
        return Short(Math.Max(smooth, raw[(int)(0.995 * (raw.Length - 1))]) * 1.02);
    }

    // A rule at the place nearest to the pointer, with the numbers of every line.
    private JsonObject Readings()
    {
        double[] places = [.. lines.SelectMany(l => l.Curve.Iterations).Distinct().Order()];
        if (places.Length > Places) places = [.. Enumerable.Range(0, Places).Select(i => places[(int)((long)i * (places.Length - 1) / (Places - 1))])];
        JsonArray readings = [];
        foreach (double place in places)
        {
            var reading = new JsonObject { ["x"] = place };
            for (int i = 0; i < lines.Count; i++)
                if (lines[i].Curve.At(place) is { } value) reading[$"s{i}"] = IsShare ? Numbers.Percent(value) : Numbers.Text(value);
            readings.Add(reading);
        }
        JsonArray tooltip = [new JsonObject { ["field"] = "x", ["type"] = "quantitative", ["title"] = "iteration", ["format"] = ",.0f" }];
        for (int i = 0; i < lines.Count; i++) tooltip.Add(new JsonObject { ["field"] = $"s{i}", ["type"] = "nominal", ["title"] = lines[i].Label });
        return new JsonObject
        {
            ["data"] = new JsonObject { ["values"] = readings },
            ["mark"] = new JsonObject { ["type"] = "rule", ["color"] = "var(--ink-2)", ["strokeWidth"] = 1 },
            ["params"] = new JsonArray(new JsonObject
            {
                ["name"] = "near",
                ["select"] = new JsonObject { ["type"] = "point", ["on"] = "pointerover", ["clear"] = "pointerout", ["fields"] = new JsonArray("x"), ["nearest"] = true },
            }),
            ["encoding"] = new JsonObject
            {
                ["y"] = null,
                ["opacity"] = new JsonObject { ["condition"] = new JsonObject { ["param"] = "near", ["empty"] = false, ["value"] = 0.5 }, ["value"] = 0 },
                ["tooltip"] = tooltip,
            },
        };
    }
}
