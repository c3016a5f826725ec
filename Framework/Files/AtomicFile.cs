namespace EvenNet.Framework;

/// <summary>
/// Writes a file whole or not at all: into a temporary name in the same folder, flushed to the disk, renamed over the target.
/// Whatever fails in between (a full disk, an exception, a cancellation), the temporary file goes and an earlier target stays as it was.
/// </summary>
public static class AtomicFile
{
    /// <summary>Runs <paramref name="write"/> on a stream and puts what it wrote at <paramref name="path"/>.</summary>
    /// <param name="path">The target; where it is a symbolic link, the file it points to.</param>
    /// <param name="write">Writes the content. What it throws passes through unchanged, unless it is the file system's error.</param>
    /// <param name="expectedBytes">Reserved on the disk first where it is known, so that a full disk is found before the work is done.</param>
    /// <param name="cancellation">Looked at once more before the rename, the last moment at which nothing has happened.</param>
    /// <exception cref="IOException">The file system refused; the message names the target.</exception>
    public static void Write(string path, Action<Stream> write, long expectedBytes = 0, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string target = RegularTarget(path);
        string temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}.tmp");
        try
        {
            using (var stream = Create(temporary, target, expectedBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            cancellation.ThrowIfCancellationRequested();
            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception error)
        {
            Delete(temporary);
            if (error is IOException or UnauthorizedAccessException) throw new IOException(Explain(path, target, temporary, error), error);
            throw;
        }
    }

    /// <summary>Puts <paramref name="text"/> at <paramref name="path"/> as UTF-8 without a byte order mark, as <see cref="Write"/> does.</summary>
    public static void WriteText(string path, string text, CancellationToken cancellation = default)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Write(path, stream => stream.Write(bytes), bytes.Length, cancellation);
    }

    // A rename would replace a link instead of what it points to, and a device or pipe by a plain file.
    private static string RegularTarget(string path)
    {
        string target = Path.GetFullPath(path);
        if (new FileInfo(target).LinkTarget is not null) target = File.ResolveLinkTarget(target, returnFinalTarget: true)!.FullName;
        if (Directory.Exists(target)) throw new IOException($"Cannot write {path}: it is a folder");
        if (File.Exists(target) && (IsBelow(target, "/dev") || IsBelow(target, "/proc")))
            throw new IOException($"Cannot write {path}: it is a device; write to a plain file");
        return target;
    }

    private static bool IsBelow(string path, string folder) => !OperatingSystem.IsWindows() && path.StartsWith(folder + "/", StringComparison.Ordinal)
        && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    private static FileStream Create(string temporary, string target, long expectedBytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, PreallocationSize = expectedBytes };
        if (!OperatingSystem.IsWindows() && File.Exists(target)) options.UnixCreateMode = File.GetUnixFileMode(target);
        return new FileStream(temporary, options);
    }

    private static void Delete(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; what is left is a hidden file with «.tmp» at its end.
        }
    }

    private static string Explain(string path, string target, string temporary, Exception error)
    {
        if (error is DirectoryNotFoundException) return $"Cannot write {path}: there is no folder {Path.GetDirectoryName(target)}";
        string reason = error.Message.Replace(temporary, path, StringComparison.Ordinal);
        return $"Cannot write {path}: {reason}{(File.Exists(target) ? " The file that was there is unchanged." : "")}";
    }
}
