using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>What came of loading weights, for people: only what there is.</summary>
internal static class LoadTables
{
    public static void Print(CheckpointReport report, Ui ui)
    {
        ui.Result("loaded", $"{report.Loaded.Count} tensors");
        Line("reshaped", report.Reshaped, ui);
        Line("skipped", report.Skipped, ui);
        foreach (string mismatch in report.Mismatched) ui.Result("misfit", mismatch);
        Line("missing", report.Missing, ui);
        Line("unused", report.Unused, ui);
    }

    private static void Line(string what, IReadOnlyList<string> names, Ui ui)
    {
        const int most = 12;
        string more = names.Count > most ? $" and {names.Count - most} more" : "";
        if (names.Count > 0) ui.Result(what, $"{string.Join(", ", names.Take(most))}{more}");
    }
}
