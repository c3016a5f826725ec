using System.Globalization;

namespace EvenNet.Framework;

/// <summary>A text file with a picture and its class a line: Caffe's «path label», classes counted from 0. Blank lines and lines that start with # are passed over.</summary>
public sealed class ListDataset : FileDataset
{
    private ListDataset(string list, IReadOnlyList<string> classes, float[] labels, string[] paths, ImageFiles files)
        : base(list, Path.GetFileNameWithoutExtension(list), classes, labels, isMultiLabel: false, paths, files) { }

    /// <summary>Reads the list.</summary>
    /// <param name="list">The file.</param>
    /// <param name="files">Opens the pictures.</param>
    /// <param name="root">Where relative paths start; the list's own folder if null.</param>
    /// <param name="classes">What the classes are called; their numbers if null, up to the largest in the list.</param>
    /// <exception cref="ImageSourceException">No such file, a line without a label, a label of no class, or missing pictures; names the line.</exception>
    public static ListDataset Open(string list, ImageFiles files, string? root = null, IReadOnlyList<string>? classes = null)
    {
        if (!File.Exists(list)) throw new ImageSourceException(Directory.Exists(list) ? $"{list} is a folder, not a list file." : $"There is no list file {list}.{MissingPath.Guess(list)}");
        root ??= Path.GetDirectoryName(Path.GetFullPath(list))!;
        List<string> paths = [];
        List<float> labels = [];
        int number = 0;
        foreach (string line in File.ReadLines(list))
        {
            number++;
            string entry = line.Trim();
            if (entry.Length == 0 || entry[0] == '#') continue;
            (string path, int label) = Parse(entry, $"{list}, line {number}", classes?.Count ?? int.MaxValue);
            paths.Add(Path.Combine(root, path));
            labels.Add(label);
        }
        if (paths.Count == 0) throw new ImageSourceException($"{list} names no picture (a path and a class number a line are expected).");
        RequirePresent([.. paths], list);
        classes ??= [.. Enumerable.Range(0, (int)labels.Max() + 1).Select(c => c.ToString(CultureInfo.InvariantCulture))];
        return new ListDataset(list, classes, [.. labels], [.. paths], files);
    }

    private static (string Path, int Label) Parse(string entry, string place, int classes)
    {
        if (entry.Contains('\0')) throw new ImageSourceException($"{place}: binary data; this is no list file.");
        int space = entry.LastIndexOfAny([' ', '\t']);
        string last = entry[(space + 1)..];
        if (space < 0 || !int.TryParse(last, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int label))
            throw new ImageSourceException($"{place}: a path and a class number are expected, got «{entry}».");
        // A class for each number up to the largest is what the net gets, so a stray large one is no small matter.
        const int most = 1 << 20;
        if (label < 0 || label >= Math.Min(classes, most))
            throw new ImageSourceException(classes < int.MaxValue ? $"{place}: class {label}, but the {classes} classes are 0 … {classes - 1}." : $"{place}: class {label}; 0 … {most - 1} are possible.");
        return (entry[..space].TrimEnd(), label);
    }
}
