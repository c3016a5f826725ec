using System.Text.Json.Nodes;

namespace EvenNet.Report;

/// <summary>A quantity of each layer over the iterations of a run, as colours: what grows or vanishes with depth, and when.</summary>
internal static class DepthMap
{
    // More columns than this are thinner than a line.
    private const int MostColumns = 80, RowHeight = 14, LeastHeight = 160, MostHeight = 640;

    /// <summary>The layers' curves of a quantity, «error», in the order in which they were measured: input first.</summary>
    public static RunCurve[] Layers(RunData run, string quantity) =>
        [.. run.Curves.Where(c => c.Kind == RunData.Depth && c.Name.StartsWith(quantity + "/", StringComparison.Ordinal))];

    /// <summary>The output's layer at the top, colours logarithmic.</summary>
    public static JsonObject Specification(RunCurve[] layers, string quantity, string title)
    {
        JsonArray values = [];
        foreach (RunCurve layer in layers)
        {
            int every = Math.Max(1, (layer.Iterations.Count + MostColumns - 1) / MostColumns);
            for (int i = 0; i < layer.Iterations.Count; i += every)
                if (layer.Values[i] > 0 && double.IsFinite(layer.Values[i]))
                    values.Add(new JsonObject { ["l"] = layer.Name[(quantity.Length + 1)..], ["x"] = layer.Iterations[i], ["v"] = layer.Values[i] });
        }
        JsonArray order = [.. layers.Reverse().Select(l => (JsonNode)l.Name[(quantity.Length + 1)..])];
        return new JsonObject
        {
            ["width"] = "container",
            ["height"] = Math.Clamp(layers.Length * RowHeight, LeastHeight, MostHeight),
            ["autosize"] = new JsonObject { ["type"] = "fit-x", ["contains"] = "padding" },
            ["data"] = new JsonObject { ["values"] = values },
            ["mark"] = new JsonObject { ["type"] = "rect", ["tooltip"] = true },
            ["encoding"] = new JsonObject
            {
                ["x"] = new JsonObject { ["field"] = "x", ["type"] = "ordinal", ["axis"] = new JsonObject { ["title"] = "iteration", ["labelOverlap"] = true, ["labelAngle"] = 0 } },
                ["y"] = new JsonObject { ["field"] = "l", ["type"] = "nominal", ["sort"] = order, ["axis"] = new JsonObject { ["title"] = null, ["labelOverlap"] = true, ["ticks"] = false } },
                ["color"] = new JsonObject
                {
                    ["field"] = "v",
                    ["type"] = "quantitative",
                    ["scale"] = new JsonObject { ["type"] = "log", ["scheme"] = "viridis" },
                    ["legend"] = new JsonObject { ["title"] = title, ["format"] = ".0e", ["orient"] = "bottom", ["gradientLength"] = 260 },
                },
            },
        };
    }
}
