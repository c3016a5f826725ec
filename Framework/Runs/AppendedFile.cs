namespace EvenNet.Framework;

/// <summary>
/// A file that grows by whole records. Each reaches the operating system by one write before <see cref="Append"/> returns, so that a process that is killed
/// loses nothing of it; one that could not be written whole is taken back.
/// </summary>
internal sealed class AppendedFile : IDisposable
{
    private readonly FileStream stream;
    private long length;

    public AppendedFile(string path, FileMode mode)
    {
        Path = path;
        stream = new FileStream(path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0);
        length = stream.Seek(0, SeekOrigin.End);
    }

    public string Path { get; }

    public void Append(ReadOnlySpan<byte> record)
    {
        try
        {
            stream.Write(record);
            length += record.Length;
        }
        catch (IOException error)
        {
            TakeBack();
            throw new RunFileException(Path, $"cannot be written: {error.Message} What was in it is still there.", error);
        }
    }

    public void Dispose() => stream.Dispose();

    private void TakeBack()
    {
        try
        {
            stream.SetLength(length);
            stream.Seek(0, SeekOrigin.End);
        }
        catch (IOException)
        {
            // The first error is the one to report; a cut last record is one that readers know.
        }
    }
}
