using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Forward passes and training steps of whole nets, kernel by kernel where asked.</summary>
internal sealed class BenchNetVerb : Verb
{
    private const string All = "all";

    private const int OtherBatch = 16;

    // The nets and batch sizes that comparisons are made with.
    private static readonly Dictionary<string, int[]> Usual = new() { ["caffenet"] = [32, 10, 1], ["vgg16"] = [8], ["googlenet"] = [8, 32] };

    private readonly Argument<NetInfo[]> nets = new("NET")
    {
        Description = $"The net: {string.Join(", ", Nets.All.Select(n => n.Name))}; or {All}: {string.Join(", ", Usual.Keys)}.",
        CustomParser = result =>
        {
            string name = result.Tokens[0].Value;
            try
            {
                return name == All ? [.. Usual.Keys.Select(Nets.Find)] : [Nets.Find(name)];
            }
            catch (GraphException error)
            {
                result.AddError($"{error.Message}, {All}");
                return null!;
            }
        },
        Arity = ArgumentArity.ExactlyOne,
    };

    private readonly Option<int[]> batch = new("--batch")
    {
        Description = $"Images at a time; several sizes are measured one after the other. By default {string.Join("; ", Usual.Select(u => $"{u.Key} {string.Join(" ", u.Value)}"))}; others {OtherBatch}.",
        HelpName = "N",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly DeviceChoice device;
    private readonly RepetitionChoice repetition;
    private readonly Option<bool> layers = new("--layers") { Description = "Show every kernel of a training step: time, share of its bound, share of the step." };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public BenchNetVerb() : base("net",
        "Measures forward passes in testing and training steps (forward, backward, SGD with momentum 0.9 and decay 5e-4) of a net on random pictures, the machine's peak and memory bandwidth, and the memory used.",
        "evennet bench net caffenet --batch 32 --layers", "evennet bench net googlenet --batch 1 8 32 --threads 2 --json", "evennet bench net all")
    {
        Arguments.Add(nets);
        batch.RequireAtLeast(1);
        Add(batch);
        device = new DeviceChoice(this);
        repetition = new RepetitionChoice(this, defaultCount: 11, defaultSeconds: 6);
        Add(layers);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using Backend backend = device.Open(options, ui);
        ui.Note("evennet", $"{EvenNetTool.Version} · .NET {Environment.Version} · {backend.Description}");
        var results = new List<BenchNetResult>();
        foreach (NetInfo info in options.GetRequiredValue(nets))
            foreach (int size in options.GetValue(batch) is { Length: > 0 } sizes ? sizes : Usual.GetValueOrDefault(info.Name, [OtherBatch]))
                results.Add(ui.Track(progress => new NetBench(info, size, backend, repetition.Count(options), repetition.Seconds(options), progress, cancellation).Run()));

        if (!options.GetValue(json)) Print(results, options.GetValue(layers), ui, clock);
        else ui.Raw(results.Count == 1 ? ToolJson.Write(results[0]) : ToolJson.Write(new BenchNetResults(backend.Description, clock.Elapsed.TotalSeconds, results)));
        return ExitCode.Ok;
    }

    private static void Print(List<BenchNetResult> results, bool withLayers, Ui ui, Stopwatch clock)
    {
        if (withLayers)
        {
            foreach (BenchNetResult r in results)
            {
                ui.Result($"{r.Net}, batch {r.Batch}: a training step, kernel by kernel");
                ui.Result(BenchTables.Layers(r.Layers));
                ui.Result();
            }
            ui.Result("", "bound: the longer of the kernel's arithmetic at the measured peak and its bytes at the measured bandwidth");
            ui.Result("", $"*: over 2 % of the step and below 60 % of the bound ({results.Sum(r => r.Layers.Count(l => l.IsSlow))} lines)");
            ui.Result();
        }
        ui.Result(BenchTables.Nets(results));
        ui.Result();
        BenchTables.PrintLimits(results.Select(r => r.Limits), ui);
        ui.Note("time", Text.Duration(clock.Elapsed.TotalSeconds));
        if (!withLayers) ui.Note("next", $"evennet bench net {results[0].Net} --batch {results[0].Batch} --layers");
    }
}
