using System.CommandLine;
using EvenNet.Detection;

namespace EvenNet.Cli;

/// <summary>How selective search looks for boxes, and where it keeps them.</summary>
internal sealed class SearchChoice
{
    private static readonly SelectiveSearchSettings Published = new();

    private readonly Option<float[]> scales = new("--scales") { Description = "Scales of the first segmentations: larger ones make larger regions.", HelpName = "K", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. Published.Scales] };
    private readonly Option<string[]> colours = new Option<string[]>("--colours") { Description = "Colour spaces to segment in: hsv, lab.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. Enum.GetNames<ColourSpace>().Select(n => n.ToLowerInvariant())] }
        .RequireOneOf([.. Enum.GetNames<ColourSpace>().Select(n => n.ToLowerInvariant())]);
    private readonly Option<double> sigma = new("--sigma") { Description = "Deviation of the smoothing before a segmentation, in pixels.", HelpName = "X", DefaultValueFactory = _ => Published.Sigma };
    private readonly Option<int> longestSide = new("--longest-side") { Description = "Search larger pictures at this size of their longer side, in pixels; 0 searches all as they are.", HelpName = "N", DefaultValueFactory = _ => Published.LongestSide };
    private readonly Option<int> leastSide = new("--least-side") { Description = "Leave out boxes narrower or lower than this, in pixels.", HelpName = "N", DefaultValueFactory = _ => Published.LeastSide };
    private readonly Option<int> most = new("--most") { Description = "Keep so many boxes of each picture, the highest ranked; 0 keeps all.", HelpName = "N", DefaultValueFactory = _ => 2000 };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of the ranking's random part.", HelpName = "N", DefaultValueFactory = _ => Published.Seed };
    private readonly Option<string?> cache = new("--cache") { Description = "Keep what was found for each picture in this folder, and look there first.", HelpName = "DIR" };

    public SearchChoice(Command command)
    {
        scales.RequireBetween(0.001, 1e6);
        sigma.RequireBetween(0.01, 20);
        longestSide.RequireAtLeast(0);
        leastSide.RequireAtLeast(1);
        most.RequireAtLeast(0);
        foreach (Option option in (Option[])[scales, colours, sigma, longestSide, leastSide, most, seed, cache]) command.Options.Add(option);
    }

    public string? Cache(ParseResult options) => options.GetValue(cache);

    /// <summary>First boxes of each picture that count.</summary>
    public int Most(ParseResult options) => options.GetValue(most) is > 0 and int some ? some : int.MaxValue;

    public SelectiveSearchSettings Settings(ParseResult options)
    {
        var settings = Published with
        {
            Scales = options.GetValue(scales)!,
            ColourSpaces = [.. options.GetValue(colours)!.Select(name => Enum.Parse<ColourSpace>(name, ignoreCase: true))],
            Sigma = options.GetValue(sigma),
            LongestSide = options.GetValue(longestSide),
            LeastSide = options.GetValue(leastSide),
            Seed = options.GetValue(seed),
        };
        settings.Check();
        return settings;
    }
}
