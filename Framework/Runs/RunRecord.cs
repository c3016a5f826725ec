using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EvenNet.Framework;

/// <summary>What has to be known of a run to make it again, and how it went: <c>run.json</c> in its folder.</summary>
public sealed record RunRecord
{
    /// <summary>In a run's folder.</summary>
    public const string FileName = "run.json";

    private const string KnownFormat = "evennet-run-1";

    /// <summary>Of the file.</summary>
    public string Format { get; init; } = KnownFormat;

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Every setting that was in effect, defaults included, by its option's name.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Of all that is random.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Of this library and what it runs on.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    /// <summary>Where the first session ran.</summary>
    public required RunMachine Machine { get; init; }

    /// <summary>How the last session ended.</summary>
    public RunOutcome Outcome => Sessions.Count > 0 ? Sessions[^1].Outcome : RunOutcome.Running;

    /// <summary>The processes that made it, in order: one, and one more each time that it was resumed.</summary>
    public IReadOnlyList<RunSession> Sessions { get; init; } = [];

    /// <summary>What was found: «loss», «map»; NaN (in the file null) where a number was not finite.</summary>
    public IReadOnlyDictionary<string, double> Results { get; init; } = new Dictionary<string, double>();

    /// <summary>Versions of this library, with the commit where the build knew it, and of .NET.</summary>
    public static IReadOnlyDictionary<string, string> CurrentVersions() => new Dictionary<string, string>
    {
        ["evennet"] = typeof(RunRecord).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        [".NET"] = Environment.Version.ToString(),
    };

    /// <summary>16 hexadecimal digits that differ where a setting does; the settings' order changes nothing.</summary>
    public static string HashOf(IReadOnlyDictionary<string, string> settings)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in settings.OrderBy(s => s.Key, StringComparer.Ordinal)) text.Append(name).Append('\0').Append(value).Append('\0');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 8));
    }

    /// <summary>The record with a session that begins. One before that never said how it ended is lost.</summary>
    public RunRecord Begin(string command, DateTimeOffset time, int iteration = 0)
    {
        IEnumerable<RunSession> before = Sessions.Select(s => s.Outcome == RunOutcome.Running ? s with { Outcome = RunOutcome.Lost } : s);
        return this with { Sessions = [.. before, new RunSession(command, time, iteration)] };
    }

    /// <summary>The record with its last session ended.</summary>
    /// <exception cref="InvalidOperationException">No session runs.</exception>
    public RunRecord End(DateTimeOffset time, int iteration, RunOutcome outcome, string? message = null)
    {
        if (Sessions.Count == 0 || Sessions[^1].Outcome != RunOutcome.Running) throw new InvalidOperationException($"no session of {Name} runs");
        return this with { Sessions = [.. Sessions.SkipLast(1), Sessions[^1] with { Ended = time, LastIteration = iteration, Outcome = outcome, Message = message }] };
    }

    /// <summary>Puts the record into a run's folder, whole or not at all.</summary>
    /// <exception cref="IOException">It could not be written; an earlier one is unchanged.</exception>
    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, RunJson.Readable.RunRecord) + "\n");

    /// <summary>The record of a run's folder.</summary>
    /// <exception cref="RunFileException">There is none, or it is broken.</exception>
    public static RunRecord Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new RunFileException(path, "there is no such file, so the folder holds no run");
        try
        {
            RunRecord record = JsonSerializer.Deserialize(File.ReadAllBytes(path), RunJson.Readable.RunRecord) ?? throw new JsonException("it is null");
            return record.Format == KnownFormat ? record : throw new JsonException($"its format is {record.Format}, not {KnownFormat}");
        }
        catch (JsonException error)
        {
            throw new RunFileException(path, $"is no record of a run: {error.Message}", error);
        }
    }
}
