namespace EvenNet.Cli;

/// <summary>Measurements of speed as tables for people.</summary>
internal static class BenchTables
{
    /// <summary>A line a net and batch size.</summary>
    public static TextTable Nets(IReadOnlyList<BenchNetResult> results)
    {
        var table = new TextTable("net", "batch", "threads", "forward ms", "images/s", "GFLOP/s", "of peak", "spread", "training step ms", "images/s", "GFLOP/s", "of peak", "spread", "peak memory", "plan", "parameters");
        foreach (BenchNetResult r in results)
            table.Add([r.Net, $"{r.Batch}", $"{r.Threads}", .. Pass(r.Forward), .. Pass(r.TrainStep), Text.Bytes(r.PeakBytes), Text.Bytes(r.PlanBytes), Text.Bytes(r.ParameterBytes)]);
        return table;
    }

    /// <summary>A line a kernel of a training step, its passes side by side; the last line is the sum.</summary>
    public static TextTable Layers(IReadOnlyList<BenchLayer> layers)
    {
        var table = new TextTable("layer", "kernel", "forward ms", "GFLOP/s", "of bound", "of step", "", "backward ms", "GFLOP/s", "of bound", "of step", "") { Left = [1] };
        List<BenchLayer> backward = [.. layers.Where(l => l.Pass == "backward")];
        // Backward lines come in reverse; two reorders of one value have one name.
        BenchLayer? Take(BenchLayer forward)
        {
            int at = backward.FindLastIndex(b => (b.Name, b.Kernel) == (forward.Name, forward.Kernel));
            if (at < 0) return null;
            BenchLayer found = backward[at];
            backward.RemoveAt(at);
            return found;
        }
        foreach (BenchLayer l in layers.Where(l => l.Pass != "backward"))
            table.Add([l.Name, l.Kernel, .. Pass(l), .. Pass(Take(l))]);
        double Sum(string pass) => layers.Where(l => l.Pass == pass).Sum(l => l.Milliseconds);
        table.Add("sum", "", Text.Fixed(Sum("forward") + Sum("update")), "", "", "", "", Text.Fixed(Sum("backward")), "", "", "", "");
        return table;
    }

    /// <summary>What the machine can do; where it was measured several times, the best.</summary>
    public static void PrintLimits(IEnumerable<BenchLimits?> limits, Ui ui)
    {
        BenchLimits[] known = [.. limits.OfType<BenchLimits>()];
        foreach (IGrouping<int, BenchLimits> same in known.GroupBy(l => l.Threads))
            ui.Result("machine", $"{same.Key} thread{(same.Key == 1 ? "" : "s")}: {Text.Fixed(same.Max(l => l.Gflops), 0)} GFLOP/s in float32, memory read at {Text.Fixed(same.Max(l => l.ReadGigabytesPerSecond), 1)} GB/s, triad {Text.Fixed(same.Max(l => l.TriadGigabytesPerSecond), 1)} GB/s");
    }

    /// <summary>«78 %».</summary>
    public static string Percent(double share, int digits = 0) => double.IsFinite(share) ? $"{Text.Fixed(100 * share, digits)} %" : "-";

    private static string[] Pass(BenchPass p) =>
        [Text.Fixed(p.Milliseconds), Text.Fixed(p.ImagesPerSecond, 1), Text.Fixed(p.Gflops, 0), Percent(p.PeakShare), Percent(p.Spread)];

    private static string[] Pass(BenchLayer? l) => l is null
        ? ["", "", "", "", ""]
        : [Text.Fixed(l.Milliseconds), l.Gflops > 0 ? Text.Fixed(l.Gflops, 0) : "", Percent(l.BoundShare), Percent(l.StepShare, 1), l.IsSlow ? "*" : ""];
}
