using System.Globalization;
using System.Text.RegularExpressions;

namespace EvenNet.Framework;

/// <summary>
/// The checkpoints of one run: <c>last</c>, <c>best</c> and one of every so many iterations, each put in place whole. Killed at any moment, the process
/// leaves the last one complete; what it had no time for, <see cref="Recover"/> does. One process at a time writes into a folder.
/// </summary>
public sealed partial class CheckpointFolder
{
    /// <summary>Names of the checkpoint to go on from, and of the one with the best monitored value.</summary>
    public const string Last = "last", Best = "best";

    /// <summary>Metadata of every checkpoint: the steps taken before it.</summary>
    public const string IterationKey = "iteration";

    private const string Extension = ".safetensors", EveryPrefix = "iter-";

    private readonly int every, keep;

    /// <summary>A folder, which is made when the first checkpoint is saved.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="every">A checkpoint of each multiple of this is kept under its own name; 0 keeps none.</param>
    /// <param name="keep">How many of those stay, the newest; 0 for all.</param>
    public CheckpointFolder(string path, int every = 0, int keep = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(every);
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        (Path, this.every, this.keep) = (path, every, keep);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The path of a checkpoint by name: <see cref="Last"/>, <see cref="Best"/>, «iter-400».</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name + Extension);

    /// <summary>Iterations whose checkpoint has a name of its own, in order.</summary>
    public IReadOnlyList<int> Kept => KeptIn(Path);

    /// <summary>
    /// Saves the last checkpoint, copies it to the best where <paramref name="monitored"/> has its best value at this very iteration, and to a name of its
    /// own where it is due, then deletes those that are too many.
    /// </summary>
    /// <param name="iteration">Steps taken.</param>
    /// <param name="monitored">Its state goes into the checkpoint; null where nothing is monitored.</param>
    /// <param name="write">Writes a safetensors file at the path, whole or not at all, with this metadata among its own (<see cref="TrainingState.Save"/>).</param>
    /// <exception cref="IOException">The file system refused. Every checkpoint that was in place is still there.</exception>
    public void Save(int iteration, MonitoredValue? monitored, Action<string, IReadOnlyDictionary<string, string>> write)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iteration);
        Directory.CreateDirectory(Path);
        var metadata = new Dictionary<string, string>(monitored?.State() ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [IterationKey] = iteration.ToString(CultureInfo.InvariantCulture),
        };
        write(this[Last], metadata);
        Follow(iteration, monitored, isMissing: _ => true);
    }

    /// <summary>
    /// To be called before a run goes on: removes what a killed process left half written, brings <paramref name="monitored"/> to the state of the last
    /// checkpoint, and makes the copies of that one for which there was no time.
    /// </summary>
    /// <returns>The last checkpoint's iteration; null where there is none.</returns>
    /// <exception cref="IOException">A checkpoint is broken (<see cref="WeightsFormatException"/>, <see cref="RunFileException"/>) or cannot be read or copied.</exception>
    public int? Recover(MonitoredValue? monitored)
    {
        if (!Directory.Exists(Path)) return null;
        foreach (string path in Directory.EnumerateFiles(Path, "*", new EnumerationOptions { AttributesToSkip = 0 }))
            if (HalfWritten().IsMatch(System.IO.Path.GetFileName(path))) File.Delete(path);
        if (!File.Exists(this[Last])) return null;
        IReadOnlyDictionary<string, string> metadata = MetadataOf(this[Last]);
        int iteration = IterationOf(this[Last], metadata);
        try
        {
            monitored?.Restore(metadata);
        }
        catch (FormatException error)
        {
            throw new RunFileException(this[Last], $"its metadata are broken: {error.Message}", error);
        }
        Follow(iteration, monitored, name => !File.Exists(this[name]) || IterationOf(this[name], MetadataOf(this[name])) != iteration);
        return iteration;
    }

    /// <summary>The iteration of a checkpoint.</summary>
    /// <exception cref="IOException">It cannot be read, or its metadata do not say.</exception>
    public static int IterationOf(string checkpoint) => IterationOf(checkpoint, MetadataOf(checkpoint));

    /// <summary>
    /// Finds a checkpoint: a file; a run's folder or its folder of checkpoints, for the last one there; such a folder and a name, «runs/a/best»,
    /// «runs/a/iter-400». Where there is no last one, it is the newest with a name of its own.
    /// </summary>
    /// <exception cref="RunFileException">There is none; what there is is named.</exception>
    public static string Resolve(string what)
    {
        if (File.Exists(what)) return what;
        if (Directory.Exists(what)) return In(what, Last, what);
        string name = System.IO.Path.GetFileName(what), parent = System.IO.Path.GetDirectoryName(what) is { Length: > 0 } folder ? folder : ".";
        if (name.EndsWith(Extension, StringComparison.Ordinal)) name = name[..^Extension.Length];
        return (name is Last or Best || Numbered().IsMatch(name)) && Directory.Exists(parent)
            ? In(parent, name, what)
            : throw new RunFileException(what, "there is no such file or folder; a checkpoint is a file, a run's folder, or that folder and last, best or iter-N");
    }

    private static string In(string folder, string name, string what)
    {
        string below = System.IO.Path.Combine(folder, RunFiles.CheckpointsName);
        var found = new CheckpointFolder(Directory.Exists(below) ? below : folder);
        if (File.Exists(found[name])) return found[name];
        if (!Directory.Exists(found.Path)) throw new RunFileException(what, "there is no such folder");
        IReadOnlyList<int> kept = found.Kept;
        if (name == Last && kept.Count > 0) return found[Named(kept[^1])];
        IEnumerable<string> present = new[] { Last, Best }.Where(n => File.Exists(found[n])).Concat(kept.Select(Named));
        throw new RunFileException(what, $"there is no checkpoint {name} in {found.Path}; {(present.Any() ? $"it has {string.Join(", ", present)}" : "it has none")}");
    }

    // All that comes after the last checkpoint is in place. In this order, so that a copy is there before anything is deleted for it.
    private void Follow(int iteration, MonitoredValue? monitored, Func<string, bool> isMissing)
    {
        if (monitored?.BestIteration == iteration && isMissing(Best)) Copy(Best);
        if (every == 0) return;
        if (iteration % every == 0 && isMissing(Named(iteration))) Copy(Named(iteration));
        if (keep == 0) return;
        // Those of later iterations are from before the run was taken back, and not of this count.
        foreach (int old in Kept.Where(i => i <= iteration).SkipLast(keep)) File.Delete(this[Named(old)]);
    }

    private void Copy(string name)
    {
        using var from = new FileStream(this[Last], FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        AtomicFile.Write(this[name], to => from.CopyTo(to, 1 << 20), from.Length);
    }

    private static List<int> KeptIn(string folder)
    {
        List<int> kept = [];
        if (!Directory.Exists(folder)) return kept;
        foreach (string file in Directory.EnumerateFiles(folder, EveryPrefix + "*" + Extension))
            if (Numbered().Match(System.IO.Path.GetFileNameWithoutExtension(file)) is { Success: true } match
                && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int iteration)) kept.Add(iteration);
        kept.Sort();
        return kept;
    }

    private static string Named(int iteration) => EveryPrefix + iteration.ToString(CultureInfo.InvariantCulture);

    private static IReadOnlyDictionary<string, string> MetadataOf(string path)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        return file.Metadata;
    }

    private static int IterationOf(string path, IReadOnlyDictionary<string, string> metadata) =>
        int.TryParse(metadata.GetValueOrDefault(IterationKey), NumberStyles.None, CultureInfo.InvariantCulture, out int iteration)
            ? iteration
            : throw new RunFileException(path, "has weights, but does not say of which iteration, so no run can go on from it; to begin one from its weights, give it as weights");

    [GeneratedRegex("^iter-(0|[1-9][0-9]*)$")]
    private static partial Regex Numbered();

    // What AtomicFile calls its temporary files.
    [GeneratedRegex(@"^\.(last|best|iter-[0-9]+)\.safetensors\..+\.tmp$")]
    private static partial Regex HalfWritten();
}
