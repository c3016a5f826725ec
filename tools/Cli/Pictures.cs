using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>The pictures that a command looked at.</summary>
internal sealed record Pictures(ImageSource Source, ImageTransform Transform, LoadedImages Loaded)
{
    private const int MostNamed = 3;

    /// <summary>Count × channels × height × width.</summary>
    public float[] Data => Loaded.Batch.Data;

    public int Count => Loaded.Batch.Count;

    /// <summary>«160 of 1000 in DIR, warped to 227×227».</summary>
    public string Description
    {
        get
        {
            string fit = Transform.Fit == ImageFit.Warp ? "warped" : "cut";
            return $"{Count} of {Source.Paths.Count} in {Source.Name}, {fit} to {Transform.Width}×{Transform.Height}";
        }
    }

    /// <summary>What a reader of the numbers must know.</summary>
    public IEnumerable<string> Notes
    {
        get
        {
            if (Loaded.Distinct < Count) yield return $"only {Loaded.Distinct} different pictures for {Count} asked for: some were used more than once";
            if (Loaded.Skipped.Count > 0) yield return $"{Loaded.Skipped.Count} pictures could not be read and were skipped: {Named(Loaded.Skipped.Select(s => $"{s.Path}: {s.Reason}"), Loaded.Skipped.Count)}";
            if (Loaded.TooSmall.Count > 0) yield return $"{Loaded.TooSmall.Count} pictures have a side under {ImageLoader.SmallSide} pixels: {Named(Loaded.TooSmall, Loaded.TooSmall.Count)}";
        }
    }

    private static string Named(IEnumerable<string> names, int count) =>
        string.Join("; ", names.Take(MostNamed)) + (count > MostNamed ? $"; and {count - MostNamed} more" : "");
}
