using System.Globalization;
using System.Text.Json.Nodes;

namespace EvenNet.Report;

/// <summary>
/// The page's charts as Vega-Lite specifications: a quantity over the layers, the methods overlaid. Colours are the page's CSS
/// variables, so that a chart follows the theme; a method has its own shape too, so that it can be told without colour.
/// </summary>
internal sealed class Figures(IReadOnlyList<MethodReport> methods)
{
    /// <summary>Colours and shapes before they repeat.</summary>
    public const int Marks = 6;

    private static readonly string[] Shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];

    /// <summary>Names of the layers of all methods, in order of first appearance.</summary>
    public IReadOnlyList<string> Layers { get; } = [.. methods.SelectMany(m => m.Layers).Select(l => l.Name).Distinct()];

    /// <summary>More layers than a chart of half the page shows with their names.</summary>
    public bool IsWide => Layers.Count > 12;

    /// <summary>The width in pixels below which the names of the layers would touch; a narrower page scrolls.</summary>
    public int SmallestWidth => 80 + Layers.Count * (LabelAngle == 0 ? Math.Max(22, LongestName * 7 + 8) : LabelAngle == -90 ? 14 : 20);

    private int LongestName => Layers.Max(name => name.Length);

    private int LabelAngle => Layers.Count * LongestName <= 120 ? 0 : Layers.Count <= 24 ? -45 : -90;

    /// <summary>Figure 1a of the paper: the average change rate of each layer, logarithmic.</summary>
    public JsonObject Rates() => Chart("change rate", "change rate (gradient over weight, log)", l => l.Rate, isLogarithmic: true);

    /// <summary>Figure 1b of the paper: how much the rates differ within each layer.</summary>
    public JsonObject Variations() => Chart("variation", "coefficient of variation", l => l.RateCv, isLogarithmic: IsSpread(l => l.RateCv, 100));

    public JsonObject Means() => Chart("mean", "mean of the outputs", l => l.OutputMean, isLogarithmic: false, l => l.ChannelMean);

    public JsonObject Deviations()
    {
        bool isLogarithmic = IsSpread(l => l.OutputStd, 30);
        return Chart("deviation", "deviation of the outputs" + (isLogarithmic ? " (log)" : ""), l => l.OutputStd, isLogarithmic, l => l.ChannelStd);
    }

    private bool IsSpread(Func<LayerReport, double> value, double factor)
    {
        double[] positive = [.. methods.SelectMany(m => m.Layers).Select(value).Where(v => v > 0 && double.IsFinite(v))];
        return positive.Length > 0 && positive.Max() > factor * positive.Min();
    }

    private JsonObject Chart(string quantity, string axisTitle, Func<LayerReport, double> value, bool isLogarithmic, Func<LayerReport, ChannelRange?>? spread = null)
    {
        bool IsShown(double v) => double.IsFinite(v) && (!isLogarithmic || v > 0);
        JsonNode? Shown(double? v) => v is { } number && IsShown(number) ? number : null;

        JsonArray points = [], readings = [];
        foreach (string layer in Layers)
        {
            var reading = new JsonObject { ["l"] = layer };
            for (int m = 0; m < methods.Count; m++)
            {
                if (methods[m].Layers.FirstOrDefault(l => l.Name == layer) is not { } found) continue;
                ChannelRange? between = spread?.Invoke(found);
                points.Add(new JsonObject
                {
                    ["l"] = layer,
                    ["m"] = $"m{m}",
                    ["v"] = Shown(value(found)),
                    ["lo"] = Shown(between?.Lowest),
                    ["hi"] = Shown(between?.Highest),
                });
                reading[$"m{m}"] = Numbers.Text(value(found));
            }
            readings.Add(reading);
        }
        double[] numbers = [.. points.SelectMany(p => new[] { p!["v"], p["lo"], p["hi"] }).OfType<JsonNode>().Select(v => v.GetValue<double>())];

        JsonArray layers = [Readings(quantity, readings)];
        if (points.Any(p => p!["lo"] is not null)) layers.Add(Ranges());
        layers.Add(Lines());
        layers.Add(Points());
        return new JsonObject
        {
            ["data"] = new JsonObject { ["values"] = points },
            ["width"] = "container",
            ["height"] = 250,
            ["autosize"] = new JsonObject { ["type"] = "fit-x", ["contains"] = "padding" },
            ["encoding"] = new JsonObject { ["x"] = LayerAxis(), ["y"] = ValueAxis(axisTitle, isLogarithmic, numbers) },
            ["layer"] = layers,
        };
    }

    private JsonObject LayerAxis()
    {
        var axis = new JsonObject
        {
            ["title"] = "layer, from the input to the output",
            ["labelAngle"] = LabelAngle,
            ["labelLimit"] = 220,
            ["labelOverlap"] = false,
            ["grid"] = true,
        };
        if (LabelAngle != 0) axis["labelAlign"] = "right";
        if (LabelAngle == -90) axis["labelFontSize"] = 10;
        if (LabelAngle != 0) axis["labelBaseline"] = "middle";
        return new JsonObject
        {
            ["field"] = "l",
            ["type"] = "ordinal",
            ["sort"] = new JsonArray([.. Layers.Select(name => (JsonNode)name)]),
            ["scale"] = new JsonObject { ["type"] = "point", ["padding"] = 0.6 },
            ["axis"] = axis,
        };
    }

    private static JsonObject ValueAxis(string title, bool isLogarithmic, double[] numbers)
    {
        var axis = new JsonObject { ["title"] = title, ["labelOverlap"] = !isLogarithmic };
        if (!isLogarithmic) axis["tickCount"] = 6;
        var scale = new JsonObject { ["nice"] = true, ["zero"] = true };
        if (isLogarithmic)
        {
            // Whole decades, so that an even net looks even and is not magnified.
            int low = numbers.Length == 0 ? -1 : (int)Math.Floor(Math.Log10(numbers.Min()) + 1e-9);
            int high = numbers.Length == 0 ? 0 : Math.Max(low + 1, (int)Math.Ceiling(Math.Log10(numbers.Max()) - 1e-9));
            int step = Math.Max(1, (high - low + 7) / 8);
            double[] marks = high - low <= 2 ? [1, 2, 5] : [1];
            axis["values"] = new JsonArray([.. Enumerable.Range(low, high - low + 1).Where(p => (p - low) % step == 0)
                .SelectMany(p => marks.Select(mark => mark * PowerOfTen(p)))
                .Where(v => v <= PowerOfTen(high)).Select(v => (JsonNode)v)]);
            axis["labelExpr"] = "datum.value < 1e-3 || datum.value >= 1e4 ? format(datum.value, '~e') : format(datum.value, '~f')";
            scale = new JsonObject { ["type"] = "log", ["domain"] = new JsonArray(PowerOfTen(low), PowerOfTen(high)) };
        }
        return new JsonObject { ["field"] = "v", ["type"] = "quantitative", ["scale"] = scale, ["axis"] = axis };
    }

    // Parsed, because Math.Pow(10, -5) is not 1e-5 and would be written with all its digits.
    private static double PowerOfTen(int exponent) => double.Parse($"1e{exponent}", CultureInfo.InvariantCulture);

    // A rule at the layer nearest to the pointer, with the numbers of every method.
    private JsonObject Readings(string quantity, JsonArray readings)
    {
        JsonArray tooltip = [new JsonObject { ["field"] = "l", ["type"] = "nominal", ["title"] = quantity }];
        for (int m = 0; m < methods.Count; m++)
            tooltip.Add(new JsonObject { ["field"] = $"m{m}", ["type"] = "nominal", ["title"] = Title(m) });
        return new JsonObject
        {
            ["data"] = new JsonObject { ["values"] = readings },
            ["mark"] = new JsonObject { ["type"] = "rule", ["color"] = "var(--ink-2)", ["strokeWidth"] = 1 },
            ["params"] = new JsonArray(new JsonObject
            {
                ["name"] = "near",
                ["select"] = new JsonObject { ["type"] = "point", ["on"] = "pointerover", ["clear"] = "pointerout", ["fields"] = new JsonArray("l"), ["nearest"] = true },
            }),
            ["encoding"] = new JsonObject
            {
                ["y"] = null,
                ["opacity"] = new JsonObject
                {
                    ["condition"] = new JsonObject { ["param"] = "near", ["empty"] = false, ["value"] = 0.5 },
                    ["value"] = 0,
                },
                ["tooltip"] = tooltip,
            },
        };
    }

    // Two methods of one name would be one line of the tooltip.
    private string Title(int m) => methods.Count(other => other.Name == methods[m].Name) > 1 ? $"{methods[m].Name} ({m + 1})" : methods[m].Name;

    private JsonObject Ranges() => new()
    {
        ["mark"] = new JsonObject { ["type"] = "rule", ["strokeWidth"] = 5, ["strokeCap"] = "round", ["opacity"] = 0.22 },
        ["encoding"] = new JsonObject
        {
            ["y"] = new JsonObject { ["field"] = "lo", ["type"] = "quantitative" },
            ["y2"] = new JsonObject { ["field"] = "hi" },
            ["color"] = Colour(),
        },
    };

    private JsonObject Lines() => new()
    {
        ["mark"] = new JsonObject { ["type"] = "line", ["strokeWidth"] = 1.6, ["opacity"] = 0.75 },
        ["encoding"] = new JsonObject { ["color"] = Colour() },
    };

    private JsonObject Points() => new()
    {
        ["mark"] = new JsonObject { ["type"] = "point", ["filled"] = true, ["size"] = IsWide ? 36 : 64, ["opacity"] = 1 },
        ["encoding"] = new JsonObject { ["color"] = Colour(), ["shape"] = Scale(m => Shapes[m % Marks]) },
    };

    private JsonObject Colour() => Scale(m => $"var(--m{m % Marks})");

    private JsonObject Scale(Func<int, string> mark) => new()
    {
        ["field"] = "m",
        ["type"] = "nominal",
        ["legend"] = null,
        ["scale"] = new JsonObject
        {
            ["domain"] = new JsonArray([.. methods.Select((_, m) => (JsonNode)$"m{m}")]),
            ["range"] = new JsonArray([.. methods.Select((_, m) => (JsonNode)mark(m))]),
        },
    };
}
