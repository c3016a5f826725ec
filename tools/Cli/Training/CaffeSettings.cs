using System.Globalization;
using EvenNet.Interop;

namespace EvenNet.Cli;

/// <summary>What Caffe's files say of a training, as values of this program's options: what a command line names comes before them, a kind's defaults after.</summary>
internal static class CaffeSettings
{
    private static readonly Dictionary<string, string> Policies = new(StringComparer.Ordinal)
    {
        ["fixed"] = "fixed",
        ["step"] = "step",
        ["multistep"] = "steps",
        ["exp"] = "exponential",
        ["inv"] = "inverse",
        ["poly"] = "polynomial",
        ["sigmoid"] = "sigmoid",
    };

    /// <summary>Whether this means a solver file and not the name of a solver.</summary>
    public static bool IsSolver(string text) => string.Equals(Path.GetExtension(text), ".prototxt", StringComparison.OrdinalIgnoreCase);

    /// <summary>Adds what a solver file says, and the data layer of the net's file.</summary>
    /// <param name="given">By option name; a file in «solver» becomes the name of its solver, paths are made whole.</param>
    /// <param name="options">The options that there are.</param>
    /// <param name="ui">Takes what was read otherwise than the files have it.</param>
    /// <exception cref="NetFormatException">A file is not in the format.</exception>
    /// <exception cref="ToolException">A file that another names is not there.</exception>
    public static void Complete(Dictionary<string, string> given, TrainingOptionSet options, Ui ui)
    {
        if (given.TryGetValue("solver", out string? solver) && IsSolver(solver))
        {
            given.Remove("solver");
            Take(given, Solver(CaffeSolverFile.Read(solver), solver, given.ContainsKey("net"), ui), options, solver, ui);
        }
        if (!given.TryGetValue("net", out string? net) || !ModelFormats.IsFile(net)) return;
        given["net"] = Path.GetFullPath(net);
        string? size = given.GetValueOrDefault("input-size") ?? options.Kind.Default("input-size");
        int[] sizes = size?.Split(',').Select(part => int.TryParse(part, out int number) ? number : 0).ToArray() ?? [];
        var reading = new NetReading(_ => { }) { InputSize = sizes.Length == 3 ? new(sizes[0], sizes[1], sizes[2]) : null };
        if (NetSource.Of(net, reading).Transform is { } transform) Take(given, Data(transform, net), options, net, ui);
    }

    private static void Take(Dictionary<string, string> given, IEnumerable<(string Name, string Value)> said, TrainingOptionSet options, string file, Ui ui)
    {
        (string Name, string Value)[] taken = [.. said.Where(s => options.All.Any(o => o.Name == $"--{s.Name}") && !given.ContainsKey(s.Name))];
        foreach ((string name, string value) in taken) given[name] = value;
        if (taken.Length > 0) ui.Note("from", $"{file}: {string.Join(", ", taken.Select(t => t.Value == "true" ? t.Name : $"{t.Name} {t.Value}"))}");
    }

    private static IEnumerable<(string, string)> Solver(CaffeSolverFile file, string path, bool hasNet, Ui ui)
    {
        foreach (string note in file.Notes) ui.Warn(note);
        yield return ("solver", file.Kind.ToLowerInvariant());
        yield return ("rate", Text(file.Rates.Rate));
        yield return ("policy", Policies[file.Policy]);
        if (file.Policy is "step" or "multistep" or "exp" or "inv" or "sigmoid") yield return ("factor", Text(file.Rates.Gamma));
        if (file.Policy is "inv" or "poly") yield return ("power", Text(file.Rates.Power));
        if (file.Policy == "step") yield return ("step", Text(file.StepSize));
        if (file.Policy == "sigmoid") yield return ("middle", Text(file.StepSize));
        if (file.Policy == "multistep") yield return ("at", string.Join(' ', file.StepValues.Select(v => Text(v))));
        yield return ("momentum", Text(file.Momenta.First));
        yield return ("momentum2", Text(file.Momenta.Second));
        yield return ("rms-decay", Text(file.Momenta.RmsDecay));
        yield return ("delta", Text(file.Delta));
        yield return ("decay", Text(file.Decay.Strength));
        if (file.Decay.IsOfMagnitudes) yield return ("l1", "true");
        yield return ("clip", Text(file.ClipNorm));
        yield return ("accumulate", Text(file.Accumulate));
        if (file.Iterations > 0) yield return ("iterations", Text(file.Iterations));
        if (file.Intervals.Test > 0) yield return ("eval-every", Text(file.Intervals.Test));
        if (file.Intervals.Snapshot > 0)
        {
            yield return ("save-every", Text(file.Intervals.Snapshot));
            yield return ("keep-every", Text(file.Intervals.Snapshot));
        }
        if (file.Seed is { } seed) yield return ("seed", seed.ToString(CultureInfo.InvariantCulture));
        if (hasNet) yield break;
        if (file.HoldsNet) throw new ToolException(ExitCode.Data, $"{path}: the net stands in the solver's file, from where it is not read; put it into a file of its own and name that with --net FILE");
        if (file.NetPath is { } net) yield return ("net", Beside(net, path, "--net FILE"));
    }

    // With a data layer all that is done to pictures stands there: what it does not name is not done.
    private static IEnumerable<(string, string)> Data(CaffeTransform transform, string path)
    {
        yield return ("scale", Text(transform.Scale));
        yield return ("mean", transform.MeanFile is { } file ? Beside(file, path, "--mean B,G,R")
            : transform.MeanValues is [float one] ? $"{Text(one)},{Text(one)},{Text(one)}"
            : transform.MeanValues is [float blue, float green, float red] ? $"{Text(blue)},{Text(green)},{Text(red)}" : "0,0,0");
        if (!transform.Mirror) yield return ("no-mirror", "true");
        yield return ("pad", "0");
        if (transform.Batch > 0) yield return ("batch", Text(transform.Batch));
    }

    // Caffe's paths are seen from where it is started, which is often not here.
    private static string Beside(string named, string file, string option)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string[] places = [Path.GetFullPath(named), Path.GetFullPath(named, folder), Path.Combine(folder, Path.GetFileName(named))];
        return places.FirstOrDefault(File.Exists)
            ?? throw new ToolException(ExitCode.Data, $"{file} names {named}, which is neither here nor beside it; give another with {option}");
    }

    private static string Text(float value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
