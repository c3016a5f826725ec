namespace EvenNet.Framework;

/// <summary>
/// Held by the one process that writes into a run's folder. The operating system takes it back from a process that ends, however it ends; the
/// files <c>.lock</c> and <c>.holder</c> stay and mean nothing by themselves.
/// </summary>
public sealed class RunLock : IDisposable
{
    /// <summary>In a run's folder.</summary>
    public const string FileName = ".lock";

    // A locked file cannot be read, so what the holder is called stands in another.
    private const string HolderName = ".holder";

    private readonly FileStream stream;

    private RunLock(FileStream stream) => this.stream = stream;

    /// <summary>Takes the lock of a folder.</summary>
    /// <param name="folder">A run's; must exist.</param>
    /// <exception cref="RunFileException">Another process holds it, or this one does already.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static RunLock Take(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            var held = new RunLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            Sign(folder);
            return held;
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException) && File.Exists(path))
        {
            throw new RunFileException(folder, $"{Holder(folder)} works on this run; wait until it ends, or stop it (it saves its state at the first signal)", error);
        }
    }

    /// <summary>Lets the next one in.</summary>
    public void Dispose() => stream.Dispose();

    // For people: without it the lock is as good.
    private static void Sign(string folder)
    {
        try
        {
            File.WriteAllText(Path.Combine(folder, HolderName), $"process {Environment.ProcessId} on {Environment.MachineName}\n");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A full disk.
        }
    }

    private static string Holder(string folder)
    {
        try
        {
            return File.ReadLines(Path.Combine(folder, HolderName)).FirstOrDefault() is { Length: > 0 } who ? who : "another process";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
