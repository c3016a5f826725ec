namespace EvenNet.Framework;

/// <summary>A folder with a sub-folder for each class, all its pictures in it or below it. Classes are in the order of their names, character by character.</summary>
public sealed class FolderDataset : FileDataset
{
    private FolderDataset(string folder, string split, IReadOnlyList<string> classes, float[] labels, string[] paths, ImageFiles files)
        : base(folder, split, classes, labels, isMultiLabel: false, paths, files) { }

    /// <summary>Finds the classes and their pictures.</summary>
    /// <param name="folder">The folder, or with <paramref name="split"/> the one above it.</param>
    /// <param name="files">Opens the pictures.</param>
    /// <param name="split">A sub-folder that holds the classes' folders: train, val, test.</param>
    /// <param name="classes">The classes, where another split has fixed them: every sub-folder must be one of them.</param>
    /// <exception cref="ImageSourceException">There is no such folder, no class in it, a class without pictures, or an unknown one.</exception>
    public static FolderDataset Open(string folder, ImageFiles files, string? split = null, IReadOnlyList<string>? classes = null)
    {
        string root = split is null ? folder : Path.Combine(folder, split);
        if (File.Exists(root)) throw new ImageSourceException($"{root} is a file, not a folder.");
        if (!Directory.Exists(root)) throw new ImageSourceException($"There is no folder {root}.{MissingPath.Guess(root)}");
        try
        {
            string[] names = [.. Directory.EnumerateDirectories(root).Select(path => Path.GetFileName(path)).Where(name => name[0] != '.').Order(StringComparer.Ordinal)];
            if (names.Length == 0) throw new ImageSourceException($"{root} has no sub-folders: one for each class is expected.");
            classes ??= names;
            List<string> paths = [];
            List<float> labels = [];
            foreach (string name in names)
            {
                int label = IndexOf(classes, name);
                if (label < 0) throw new ImageSourceException($"{Path.Combine(root, name)} is none of the {classes.Count} classes; did you mean {NearestName.Of(name, classes)}?");
                foreach (string path in ImageSource.Folder(Path.Combine(root, name), recursive: true).Paths)
                {
                    paths.Add(path);
                    labels.Add(label);
                }
            }
            return new FolderDataset(folder, split ?? "all", classes, [.. labels], [.. paths], files);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageSourceException($"{root} cannot be read: {error.Message}", error);
        }
    }
}
