using System.Globalization;
using System.IO.Enumeration;

namespace EvenNet.Framework;

/// <summary>Where pictures come from: a folder, a list file, a VOC data set or files named one by one. Holds paths; nothing is decoded yet.</summary>
public sealed class ImageSource
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".ppm", ".pgm"];

    private ImageSource(string name, IReadOnlyList<string> paths, bool isExplicit = false) => (Name, Paths, IsExplicit) = (name, paths, isExplicit);

    /// <summary>The folder, list or data set, for messages.</summary>
    public string Name { get; }

    /// <summary>The files, in an order that depends on nothing but their names or the list.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The files were named one by one: a broken one is an error, and never skipped.</summary>
    public bool IsExplicit { get; }

    /// <summary>The *.jpg, *.jpeg, *.png, *.ppm and *.pgm of a folder, whatever the case, sorted by path, character by character. Hidden files are passed over.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="recursive">Also those of its sub-folders; links to folders are not followed.</param>
    /// <exception cref="ImageSourceException">There is no such folder, or no such file in it.</exception>
    public static ImageSource Folder(string folder, bool recursive = false)
    {
        if (File.Exists(folder)) throw new ImageSourceException($"{folder} is a file, not a folder.");
        if (!Directory.Exists(folder)) throw new ImageSourceException($"There is no folder {folder}.{MissingPath.Guess(folder)}");
        try
        {
            string[] files = [.. Files(folder, recursive).Order(StringComparer.Ordinal)];
            string[] paths = [.. files.Where(IsPicture)];
            return paths.Length > 0 ? new ImageSource(folder, paths) : throw new ImageSourceException(NoImages(folder, files, recursive));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageSourceException($"{folder} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The files that a list names, one a line, relative to the list's folder. A number after the path (Caffe's «path label») is passed over, as are blank lines and lines that start with #.</summary>
    /// <exception cref="ImageSourceException">The list is not there or names no file.</exception>
    public static ImageSource ListFile(string path)
    {
        if (!File.Exists(path)) throw new ImageSourceException(Directory.Exists(path) ? $"{path} is a folder, not a list file." : $"There is no list file {path}.{MissingPath.Guess(path)}");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        List<string> paths = [];
        foreach (string line in File.ReadLines(path))
        {
            string entry = line.Trim();
            if (entry.Length == 0 || entry[0] == '#') continue;
            int space = entry.LastIndexOfAny([' ', '\t']);
            if (space > 0 && int.TryParse(entry.AsSpan(space + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) entry = entry[..space].TrimEnd();
            if (entry.Contains('\0')) throw new ImageSourceException($"{path} is not a list file: it holds binary data.");
            paths.Add(Path.Combine(folder, entry));
        }
        return paths.Count > 0 ? new ImageSource(path, paths) : throw new ImageSourceException($"{path} names no picture (one path a line is expected).");
    }

    /// <summary>The pictures of one split of PASCAL VOC (train, val, trainval, test, or one class's, such as car_train), in the split's order.</summary>
    /// <param name="folder">VOCdevkit, or a year's folder in it.</param>
    /// <param name="split">The name of a file in ImageSets/Main.</param>
    /// <exception cref="ImageSourceException">No VOC data there, or no such split, with what was found.</exception>
    public static ImageSource Voc(string folder, string split)
    {
        string year = VocFolder.Find(folder);
        return new ImageSource($"{year} {split}", [.. VocFolder.Split(year, split).Select(name => Path.Combine(year, "JPEGImages", name + ".jpg"))]);
    }

    /// <summary>Files named one by one, in that order.</summary>
    /// <exception cref="ImageSourceException">None was named.</exception>
    public static ImageSource Of(params IEnumerable<string> paths)
    {
        string[] list = [.. paths];
        return list.Length > 0 ? new ImageSource(list.Length == 1 ? list[0] : $"{list.Length} files", list, isExplicit: true) : throw new ImageSourceException("No pictures were named.");
    }

    /// <summary>
    /// Chooses <paramref name="count"/> pictures: the first in order, or with a seed a random choice in random order that depends on the seed and the paths alone.
    /// Where there are fewer the choice starts again from its first: see <see cref="ImageSample.Repeats"/>.
    /// </summary>
    public ImageSample Sample(int count, ulong? seed = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        string[] order = [.. Paths];
        if (seed is { } key) new Philox(key, RandomPurpose.Order).Shuffle(order.AsSpan());
        return new ImageSample(this, count, order);
    }

    /// <summary>All pictures, in order.</summary>
    public ImageSample All() => Sample(Paths.Count);

    private static FileSystemEnumerable<string> Files(string folder, bool recursive) =>
        new(folder, (ref entry) => entry.ToSpecifiedFullPath(), new EnumerationOptions { RecurseSubdirectories = recursive, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System })
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };

    private static bool IsPicture(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private static string NoImages(string folder, string[] others, bool recursive)
    {
        string found = others.Length switch { 0 => "", 1 => $", 1 other file, {Path.GetFileName(others[0])}", _ => $", {others.Length} other files, e.g. {Path.GetFileName(others[0])}" };
        string? deeper = recursive ? null : Files(folder, recursive: true).FirstOrDefault(IsPicture);
        string below = deeper is null ? "" : $" There are some below it: {Path.GetDirectoryName(deeper)}.";
        return $"No images in {folder} (looked for {string.Join(" ", Extensions.Select(extension => "*" + extension))}{found}).{below}";
    }
}
