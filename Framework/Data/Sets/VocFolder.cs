namespace EvenNet.Framework;

/// <summary>Finds a year of PASCAL VOC and its lists.</summary>
internal static class VocFolder
{
    private const string Usual = "VOC2007";

    /// <summary>The folder of a year: itself, or VOC2007 or the oldest in a VOCdevkit, or the year named.</summary>
    /// <exception cref="ImageSourceException">No VOC data there, with what was found instead.</exception>
    public static string Find(string folder, int? year = null)
    {
        if (IsYear(folder) && (year is null || Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) == $"VOC{year}")) return folder;
        string[] years = YearsIn(folder);
        if (year is { } wanted && years.Length > 0)
            return years.FirstOrDefault(path => Path.GetFileName(path) == $"VOC{wanted}")
                ?? throw new ImageSourceException($"{folder} has no VOC{wanted}; it has {string.Join(", ", years.Select(path => Path.GetFileName(path)))}.");
        if (years.Length > 0) return years.FirstOrDefault(path => Path.GetFileName(path) == Usual) ?? years[0];

        string expected = $"No VOC data in {folder}: expected {Path.Combine(folder, Usual)}/{{JPEGImages,Annotations,ImageSets/Main}}.";
        string inside = Path.Combine(folder, "VOCdevkit");
        if (YearsIn(inside) is [var found, ..]) throw new ImageSourceException($"{expected} Found {found}, did you mean {inside}?");
        throw new ImageSourceException(expected + (Directory.Exists(folder) ? "" : MissingPath.Guess(folder)));
    }

    /// <summary>The first words of a list's lines in ImageSets/Main.</summary>
    /// <exception cref="ImageSourceException">No such split, with those there are; or it is empty.</exception>
    public static string[] Split(string year, string split)
    {
        string sets = Path.Combine(year, "ImageSets", "Main"), file = Path.Combine(sets, split + ".txt");
        if (!File.Exists(file))
        {
            IEnumerable<string> found = Directory.EnumerateFiles(sets, "*.txt").Select(path => Path.GetFileNameWithoutExtension(path)).Where(name => !name.Contains('_')).Order(StringComparer.Ordinal);
            throw new ImageSourceException($"{year} has no split {split}; it has {string.Join(", ", found)}.");
        }
        string[] names = [.. File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0).Select(line => line.Split(' ', '\t')[0])];
        return names.Length > 0 ? names : throw new ImageSourceException($"{file} names no picture.");
    }

    private static string[] YearsIn(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder, "VOC*").Where(IsYear).Order(StringComparer.Ordinal)] : [];

    private static bool IsYear(string folder) => Directory.Exists(Path.Combine(folder, "JPEGImages")) && Directory.Exists(Path.Combine(folder, "ImageSets", "Main"));
}
