namespace EvenNet.Framework;

/// <summary>A set whose pictures are files of their own.</summary>
public abstract class FileDataset : Dataset
{
    // A few looks at the disk are cheap; a million over a network are not.
    private const int MostChecked = 20_000;

    private readonly ImageFiles files;
    private readonly string[] paths;

    private protected FileDataset(string name, string split, IReadOnlyList<string> classes, float[] labels, bool isMultiLabel, string[] paths, ImageFiles files)
        : base(name, split, classes, channels: 3, labels, isMultiLabel) => (this.paths, this.files) = (paths, files);

    /// <inheritdoc/>
    public override string NameOf(int index) => paths[index];

    /// <inheritdoc/>
    public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null)
    {
        try
        {
            files.Open(paths[index], picture, scale);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageFormatException(paths[index], error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : error.Message, error);
        }
    }

    /// <summary>Fails early where pictures are missing: looks for all of them, or for 20,000 spread evenly.</summary>
    private protected static void RequirePresent(string[] paths, string source)
    {
        int step = (paths.Length + MostChecked - 1) / MostChecked;
        List<string> missing = [.. paths.Where((path, i) => i % Math.Max(1, step) == 0 && !File.Exists(path))];
        if (missing.Count == 0) return;
        string looked = step > 1 ? $" of the {(paths.Length + step - 1) / step} looked for" : "";
        throw new ImageSourceException($"{source} names {paths.Length} pictures, {missing.Count}{looked} are missing; the first is {missing[0]}.{MissingPath.Guess(missing[0])}");
    }
}
