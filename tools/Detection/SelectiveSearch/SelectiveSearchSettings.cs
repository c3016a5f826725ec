using System.Globalization;

namespace EvenNet.Detection;

/// <summary>How boxes are searched; the defaults are the published fast search (Uijlings et al. 2013, §5.2, and its program).</summary>
public sealed record SelectiveSearchSettings
{
    /// <summary>The colour spaces, each segmented on its own.</summary>
    public IReadOnlyList<ColourSpace> ColourSpaces { get; init; } = [ColourSpace.Hsv, ColourSpace.Lab];

    /// <summary>Scales of the first segmentation: larger ones make larger regions. Each is also the size under which a region is joined to another, in pixels.</summary>
    public IReadOnlyList<float> Scales { get; init; } = [50, 100];

    /// <summary>Deviation of the Gaussian before the segmentation, in pixels.</summary>
    public double Sigma { get; init; } = 0.8;

    /// <summary>Groupings by colour, texture, size and fill.</summary>
    public bool UsesColour { get; init; } = true;

    /// <summary>Groupings by texture, size and fill alone, beside the others.</summary>
    public bool UsesTextureAlone { get; init; } = true;

    /// <summary>Larger pictures are brought to this size first, in pixels of their longer side; 0 leaves them. VOC's own have 500.</summary>
    public int LongestSide { get; init; } = 500;

    /// <summary>Boxes narrower or lower are left out, in pixels of the picture.</summary>
    public int LeastSide { get; init; } = 8;

    /// <summary>Keys the random part of the ranking.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>All settings as text; equal texts give equal boxes.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture,
        $"selective search 1; {string.Join(' ', ColourSpaces)}; k {string.Join(' ', Scales)}; sigma {Sigma}; {(UsesColour ? "CTSF " : "")}{(UsesTextureAlone ? "TSF" : "")}; longest {LongestSide}; side {LeastSide}; seed {Seed}");

    /// <summary>Fails where nothing could be found with these.</summary>
    /// <exception cref="ArgumentException">A list is empty or a number is out of its range.</exception>
    public void Check()
    {
        if (ColourSpaces.Count == 0 || ColourSpaces.Distinct().Count() != ColourSpaces.Count) throw new ArgumentException("selective search needs one or more colour spaces, each once");
        if (Scales.Count == 0 || Scales.Any(k => !(k is > 0 and <= 1e6f))) throw new ArgumentException($"selective search needs scales above 0 and up to 1e6, got {string.Join(", ", Scales)}");
        if (!(Sigma is > 0 and <= 20)) throw new ArgumentException($"the deviation before the segmentation must lie above 0 and up to 20 pixels, got {Sigma}");
        if (!UsesColour && !UsesTextureAlone) throw new ArgumentException("selective search needs one of its groupings");
        if (LongestSide < 0) throw new ArgumentException($"the longest side to search at cannot be negative, got {LongestSide}");
        if (LeastSide < 1) throw new ArgumentException($"boxes have a side of at least 1 pixel, got {LeastSide}");
    }
}
