using System.CommandLine;
using System.Runtime.InteropServices;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>From measurements to the content of a report page.</summary>
internal static class Reporting
{
    public static IReadOnlyList<NamedValue> Versions { get; } =
        [new("evennet", EvenNetTool.Version), new(".NET", Environment.Version.ToString()), new("system", RuntimeInformation.OSDescription)];

    /// <summary>The command line as it was given.</summary>
    public static string Command(ParseResult options) => $"evennet {string.Join(' ', options.Tokens.Select(t => Text.Quoted(t.Value)))}";

    /// <summary>One initialization.</summary>
    public static MethodReport Method(string name, ChangeRateReport rates, IEnumerable<InitNote> notes, ParameterSet parameters, double? functionChange) => new()
    {
        Name = name,
        Layers = [.. rates.Layers.Select(l => new LayerReport(l.Name, l.Rate, l.RateCv, l.OutputMean, l.OutputStd)
        {
            ElementRate = double.IsFinite(l.ElementRate) ? l.ElementRate : null,
            ElementRateCv = double.IsFinite(l.ElementRateCv) ? l.ElementRateCv : null,
        })],
        Flatness = rates.Flatness,
        FunctionChange = functionChange,
        Fallbacks = [.. notes.Select(n => $"{n.Layer}: {n.Message}")],
        Filters = Filters(parameters),
    };

    /// <summary>Mosaics of the convolutions that see the picture itself.</summary>
    public static IReadOnlyList<FilterPicture> Filters(ParameterSet parameters)
    {
        var pictures = new List<FilterPicture>();
        foreach (Node node in parameters.Graph.Affine)
        {
            if (node.Layer is not Convolution { Groups: 1 } layer || node.Inputs[0].Layer is not Input || node.InputShapes[0].Channels is not (1 or 3)) continue;
            float[] weights = parameters.Weight(node).Read();
            pictures.Add(FilterMosaic.Draw(node.Name, weights, layer.Outputs, node.InputShapes[0].Channels, layer.Kernel.Height, layer.Kernel.Width));
        }
        return pictures;
    }
}
