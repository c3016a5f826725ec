using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Layers of the published nets, each alone and each pass apart, with one thread and with all.</summary>
internal sealed class BenchKernelsVerb : Verb
{
    private readonly Option<string?> filter = new("--filter") { Description = "Only layers with this in their name: caffenet, conv2, 1x1.", HelpName = "TEXT" };
    private readonly DeviceChoice device;
    private readonly RepetitionChoice repetition;
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public BenchKernelsVerb() : base("kernels",
        "Measures layers of the published nets alone: forward, the input's gradient and the weights' gradient apart, with one thread and with all (--threads N: with one and N).",
        "evennet bench kernels", "evennet bench kernels --filter conv3", "evennet bench kernels --filter googlenet --json")
    {
        filter.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Matching(token.Value).Any())
                result.AddError($"--filter: no layer has {token.Value} in its name; there are {string.Join("; ", NetLayer.All)}");
        });
        Add(filter);
        device = new DeviceChoice(this);
        repetition = new RepetitionChoice(this, defaultCount: 5, defaultSeconds: 2);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        NetLayer[] layers = [.. Matching(options.GetValue(filter) ?? "")];
        var limits = new List<BenchLimits>();
        var kernels = new List<BenchKernel>();
        using Backend all = device.Open(options, ui);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {all.Description}");
        if (all.Parallelism > 1)
        {
            using Backend one = device.Open(options, ui, threads: 1);
            Measure(one, layers, options, limits, kernels, ui, cancellation);
        }
        Measure(all, layers, options, limits, kernels, ui, cancellation);
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(new BenchKernelsResult(all.Description, clock.Elapsed.TotalSeconds, limits, kernels)));
        else Print(kernels, limits, ui, clock);
        return ExitCode.Ok;
    }

    private void Measure(Backend backend, NetLayer[] layers, ParseResult options, List<BenchLimits> limits, List<BenchKernel> kernels, Ui ui, CancellationToken cancellation)
    {
        BackendLimits? most = backend.MeasureLimits(TimeSpan.FromSeconds(1));
        if (BenchLimits.Of(most, backend.Parallelism) is { } known) limits.Add(known);
        kernels.AddRange(ui.Track(progress => layers.SelectMany((layer, i) =>
        {
            progress.Report(new InitProgress("measuring", $"{layer}, {backend.Parallelism} thread{(backend.Parallelism == 1 ? "" : "s")}", (double)i / layers.Length));
            return new KernelBench(layer, backend, most, repetition.Count(options), repetition.Seconds(options), cancellation).Run();
        }).ToArray()));
    }

    private static IEnumerable<NetLayer> Matching(string text) => NetLayer.All.Where(l => l.ToString().Contains(text, StringComparison.OrdinalIgnoreCase));

    private static void Print(List<BenchKernel> kernels, List<BenchLimits> limits, Ui ui, Stopwatch clock)
    {
        int[] threads = [.. kernels.Select(k => k.Threads).Distinct()];
        var table = new TextTable(["layer", "batch", "pass", "kernel", .. threads.SelectMany(t => new[] { $"{t} thread{(t == 1 ? "" : "s")} ms", "GFLOP/s", "of peak", "GB/s", "of bound", "spread" })]) { Left = [2, 3] };
        foreach (IGrouping<(string, string, int, string), BenchKernel> same in kernels.GroupBy(k => (k.Net, k.Layer, k.Batch, k.Pass)))
        {
            BenchKernel first = same.First();
            table.Add([$"{first.Net} {first.Layer}", $"{first.Batch}", first.Pass, first.Kernel, .. same.SelectMany(k => new[]
            {
                Text.Fixed(k.Milliseconds), k.Gflops > 0 ? Text.Fixed(k.Gflops, 0) : "", k.Gflops > 0 ? BenchTables.Percent(k.PeakShare) : "",
                Text.Fixed(k.GigabytesPerSecond, 1), BenchTables.Percent(k.BoundShare), BenchTables.Percent(k.Spread),
            })]);
        }
        ui.Result(table);
        ui.Result();
        BenchTables.PrintLimits(limits, ui);
        ui.Note("time", Text.Duration(clock.Elapsed.TotalSeconds));
    }
}
