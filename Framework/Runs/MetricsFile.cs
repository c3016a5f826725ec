using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EvenNet.Framework;

/// <summary>
/// What a run measures, as JSON lines: <c>{"iteration":1200,"kind":"train","loss":0.2413,"rate":0.001}</c>. Numbers are written so that they are read back
/// the same, those that are not finite as null. A line is with the operating system when <see cref="Write"/> returns; a killed process cuts the last one at
/// the most, and readers leave a cut last line out.
/// </summary>
public sealed class MetricsFile : IDisposable
{
    /// <summary>In a run's folder.</summary>
    public const string FileName = "metrics.jsonl";

    private const string IterationName = "iteration", KindName = "kind";

    private readonly AppendedFile file;
    private readonly ArrayBufferWriter<byte> line = new(256);
    private readonly Utf8JsonWriter json;

    private MetricsFile(AppendedFile file)
    {
        this.file = file;
        json = new Utf8JsonWriter(line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>The file.</summary>
    public string Path => file.Path;

    /// <summary>Begins a file.</summary>
    /// <exception cref="IOException">There is one already, or none can be made.</exception>
    public static MetricsFile Create(string path) => new(new AppendedFile(path, FileMode.CreateNew));

    /// <summary>
    /// Goes on with a file at an iteration: lines of later iterations, which the run is about to measure again, and a cut last line are dropped. Without a
    /// file, begins one.
    /// </summary>
    /// <exception cref="RunFileException">The file is none of this kind; it is unchanged.</exception>
    public static MetricsFile Resume(string path, int iteration)
    {
        if (File.Exists(path))
        {
            byte[] all = Load(path);
            var kept = new ArrayBufferWriter<byte>(all.Length + 1);
            foreach ((Range range, MetricsLine measured) in Lines(path, all))
            {
                if (measured.Iteration > iteration) continue;
                kept.Write(all.AsSpan(range));
                kept.Write("\n"u8);
            }
            if (!kept.WrittenSpan.SequenceEqual(all)) AtomicFile.Write(path, stream => stream.Write(kept.WrittenSpan), kept.WrittenCount);
        }
        return new MetricsFile(new AppendedFile(path, FileMode.OpenOrCreate));
    }

    /// <summary>All lines of a file, also of one that is being written.</summary>
    /// <exception cref="RunFileException">A line other than the last is none of this kind; it is named.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static IReadOnlyList<MetricsLine> Read(string path) => [.. Lines(path, Load(path)).Select(l => l.Line)];

    /// <summary>The lines that can be read; what is wrong with each of the others, a cut last one too, is added to <paramref name="broken"/>.</summary>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static IReadOnlyList<MetricsLine> Read(string path, ICollection<RunFileException> broken) => [.. Lines(path, Load(path), broken).Select(l => l.Line)];

    /// <summary>Adds a line.</summary>
    /// <param name="iteration">Steps taken before.</param>
    /// <param name="kind">What was measured: «train», «test», «rates».</param>
    /// <param name="values">Names and numbers, in this order; no name twice.</param>
    /// <exception cref="RunFileException">It could not be written; the lines before are there still.</exception>
    public void Write(int iteration, string kind, params IEnumerable<KeyValuePair<string, double>> values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iteration);
        line.ResetWrittenCount();
        json.Reset(line);
        json.WriteStartObject();
        json.WriteNumber(IterationName, iteration);
        json.WriteString(KindName, kind);
        foreach ((string name, double value) in values)
        {
            if (name is IterationName or KindName) throw new ArgumentException($"a value cannot be named {name}: each line has that already", nameof(values));
            if (double.IsFinite(value)) json.WriteNumber(name, value);
            else json.WriteNull(name);
        }
        json.WriteEndObject();
        json.Flush();
        line.Write("\n"u8);
        file.Append(line.WrittenSpan);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        json.Dispose();
        file.Dispose();
    }

    // Open to the process that writes it.
    private static byte[] Load(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count == bytes.Length ? bytes : bytes[..count];
    }

    private static IEnumerable<(Range Range, MetricsLine Line)> Lines(string path, byte[] all, ICollection<RunFileException>? broken = null)
    {
        for (int start = 0, number = 1; start < all.Length; number++)
        {
            int newline = Array.IndexOf(all, (byte)'\n', start), end = newline < 0 ? all.Length : newline;
            MetricsLine? measured = null;
            try
            {
                measured = Parse(all.AsMemory(start, end - start));
            }
            catch (JsonException error)
            {
                if (newline < 0) broken?.Add(new RunFileException(path, $"line {number}, the last, is cut: the run was stopped while it was written", error));
                else if (broken is not null) broken.Add(new RunFileException(path, $"line {number} is no line of metrics: {error.Message}", error));
                else throw new RunFileException(path, $"line {number} is no line of metrics: {error.Message}", error);
            }
            if (measured is not null) yield return (start..end, measured);
            start = end + 1;
        }
    }

    private static MetricsLine Parse(ReadOnlyMemory<byte> text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("it is no JSON object");
        int? iteration = null;
        string? kind = null;
        var values = new OrderedDictionary<string, double>(StringComparer.Ordinal);
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            JsonElement value = property.Value;
            if (property.NameEquals(IterationName) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int at)) iteration = at;
            else if (property.NameEquals(KindName) && value.ValueKind == JsonValueKind.String) kind = value.GetString();
            else if (value.ValueKind == JsonValueKind.Number) values[property.Name] = value.GetDouble();
            else if (value.ValueKind == JsonValueKind.Null) values[property.Name] = double.NaN;
            else throw new JsonException($"{property.Name} is {value.GetRawText()}");
        }
        return new MetricsLine(iteration ?? throw new JsonException($"it has no {IterationName}"), kind ?? throw new JsonException($"it has no {KindName}"), values);
    }
}
