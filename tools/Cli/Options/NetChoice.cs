using System.CommandLine;
using System.CommandLine.Parsing;
using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Which net, by its name or from a file, with how many classes.</summary>
internal sealed class NetChoice
{
    private readonly Argument<string> net = new("NET")
    {
        Description = $"The net: {string.Join(", ", Nets.All.Select(n => n.Name))}; or a file that describes one: {ModelFormats.List(f => f.HoldsNet)}.",
    };

    private readonly Option<int?> classes = new("--classes") { Description = "Classes of the net; as published by default.", HelpName = "N" };

    private readonly Option<Shape?> inputSize = new("--input-size") { Description = SizeDescription, HelpName = "C,H,W", CustomParser = ParseSize };

    public NetChoice(Command command)
    {
        net.Validators.Add(result =>
        {
            string name = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (ModelFormats.IsFile(name) || Nets.All.Any(n => n.Name == name)) return;
            try
            {
                _ = Nets.Find(name);
            }
            catch (GraphException error)
            {
                result.AddError(error.Message);
            }
        });
        command.Arguments.Add(net);
        command.Options.Add(classes);
        command.Options.Add(inputSize);
        classes.RequireAtLeast(1);
    }

    /// <summary>Of the option --input-size.</summary>
    public const string SizeDescription = "Size of the pictures, where the net's file does not say it.";

    /// <summary>«3,227,227».</summary>
    public static Shape? ParseSize(ArgumentResult result)
    {
        int[] sizes = [.. result.Tokens[0].Value.Split(',').Select(part => int.TryParse(part, out int size) ? size : 0)];
        if (sizes.Length == 3 && sizes.All(s => s > 0)) return new Shape(sizes[0], sizes[1], sizes[2]);
        result.AddError($"--input-size takes channels, height and width (3,227,227), got {result.Tokens[0].Value}");
        return null;
    }

    /// <summary>The net; a file is read now, and what it had that is read otherwise is said.</summary>
    public NetInfo Net(ParseResult options, Ui ui) => ModelFormats.Net(options.GetRequiredValue(net), new NetReading(ui.Warn) { InputSize = options.GetValue(inputSize) });

    /// <summary>As asked for, or null.</summary>
    public int? Classes(ParseResult options) => options.GetValue(classes);
}
