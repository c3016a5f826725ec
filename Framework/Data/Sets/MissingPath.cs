namespace EvenNet.Framework;

/// <summary>What may have been meant by a path that is not there.</summary>
public static class MissingPath
{
    private const int MostEntries = 10_000;

    /// <summary>« Did you mean a/VOCdevkit?»: in the deepest folder of the path that exists, the entry whose name is nearest; empty where none is near.</summary>
    public static string Guess(string path)
    {
        try
        {
            string missing = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
            string? parent = Path.GetDirectoryName(missing);
            while (parent is not null && !Directory.Exists(parent)) (missing, parent) = (parent, Path.GetDirectoryName(parent));
            if (parent is null) return "";
            string name = Path.GetFileName(missing);
            string nearest = NearestName.Of(name, Directory.EnumerateFileSystemEntries(parent).Take(MostEntries).Select(entry => Path.GetFileName(entry)));
            return nearest.Length > 0 && NearestName.IsNear(name, nearest) ? $" Did you mean {Path.Combine(parent, nearest)}?" : "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "";
        }
    }
}
