using System.CommandLine;
using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>What very deep nets need: weights kept orthonormal, errors kept at one size.</summary>
internal sealed class DepthChoice
{
    private static readonly string[] Anchors = ["top", "previous"];

    private readonly Option<string?> regularizer, modulate;
    private readonly Option<double> band, memory;
    private readonly Option<int> first, every, statistics;
    private readonly Option<bool> bySum;

    public DepthChoice(TrainingOptionSet set)
    {
        regularizer = set.Add<string?>("regularizer", "In place of the weights' decay: orthonormal:X (rows, or columns where they are fewer), orthonormal-filters:X (rows always).", "NAME:X");
        modulate = set.Add<string?>("modulate", "Bring the errors of all layers to the size of the top layer's, or of the one above as it became: top, previous.", "NAME");
        band = set.Add<double>("modulate-band", "Leave factors between 1/X and X out.", "X");
        first = set.Add<int>("modulate-first", "In so many passes only; 0 in all.", "N");
        every = set.Add<int>("modulate-every", "Find factors in every so many passes, and use them between.", "N");
        memory = set.Add<double>("modulate-memory", "How much of a size is what it was before, 0 to 1.", "X");
        bySum = set.Flag("modulate-sum", "By the sum of squares instead of their mean.");
        statistics = set.Add<int>("depth", "Measure the sizes of values and errors of every layer at each multiple of this; 0 never.", "N");
        band.RequireBetween(1, 1e30);
        memory.RequireBetween(0, 1);
        first.RequireAtLeast(0);
        every.RequireAtLeast(1);
        statistics.RequireAtLeast(0);
        regularizer.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value).Where(v => Parse(v) is null)) result.AddError($"--regularizer: orthonormal:X or orthonormal-filters:X with a number X of 0 or more is expected, got {value}");
        });
        modulate.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value).Where(v => !Anchors.Contains(v))) result.AddError($"--modulate: there is no {value}; there are {string.Join(", ", Anchors)}");
        });
    }

    /// <summary>Measure at each multiple of this; 0 never.</summary>
    public int Statistics(ParseResult options) => options.GetValue(statistics);

    public OrthonormalRegularizer? Regularizer(ParseResult options) => options.GetValue(regularizer) is { } text ? Parse(text) : null;

    public ErrorModulation? Modulation(ParseResult options, Backend backend) => options.GetValue(modulate) is not { } anchor ? null : new ErrorModulation(backend)
    {
        Anchor = anchor == "top" ? ModulationAnchor.Top : ModulationAnchor.Previous,
        Band = options.GetValue(band),
        FirstPasses = options.GetValue(first),
        Every = options.GetValue(every),
        Memory = options.GetValue(memory),
        BySum = options.GetValue(bySum),
    };

    private static OrthonormalRegularizer? Parse(string text) =>
        text.Split(':') is [("orthonormal" or "orthonormal-filters") and var name, var number] && float.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out float strength) && strength is >= 0 and < float.PositiveInfinity
            ? new OrthonormalRegularizer { Strength = strength, Side = name == "orthonormal" ? OrthonormalSide.Auto : OrthonormalSide.Filters }
            : null;
}
