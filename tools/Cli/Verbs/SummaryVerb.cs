using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>The layers of a net, their sizes and costs.</summary>
internal sealed class SummaryVerb : Verb
{
    private readonly NetChoice net;
    private readonly DeviceChoice device;
    private readonly Option<int> batch = new("--batch") { Description = "Images at a time, for the memory.", HelpName = "N", DefaultValueFactory = _ => 16 };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public SummaryVerb() : base("summary", "Prints a net's layers: output sizes, parameters, multiply-adds, and the memory of a batch.",
        "evennet summary caffenet", "evennet summary vgg16 --classes 20 --batch 10 --json")
    {
        net = new NetChoice(this);
        batch.RequireAtLeast(1);
        Add(batch);
        device = new DeviceChoice(this);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        NetInfo info = net.Net(options, ui);
        int classes = net.Classes(options) ?? info.Classes;
        using Backend backend = device.Open(options, ui);
        SummaryResult result = Summarize(info, classes, options.GetValue(batch), backend);
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(result));
        else Print(result, ui);
        return ExitCode.Ok;
    }

    private static SummaryResult Summarize(NetInfo info, int classes, int batch, Backend backend)
    {
        Graph graph = info.Graph(classes);
        int bytes = BytesPerValue(backend);
        long Arena(bool backward)
        {
            PlanReport plan = PlanReport.Of(graph, backend, batch, new() { Backward = backward });
            return (plan.ArenaCount + plan.ScratchCount) * bytes;
        }
        return new SummaryResult(
            info.Name, info.Description, classes, graph.ParameterCount, graph.MultiplyAdds, batch,
            new SummaryMemory(backend.Name, graph.ParameterCount * bytes, Arena(backward: false), Arena(backward: true)),
            [.. graph.Nodes.Select(n => new SummaryLayer(
                n.Name, n.Layer.GetType().Name, [n.Shape.Channels, n.Shape.Height, n.Shape.Width],
                n.ParameterSpecs.Where(p => p.IsLearned).Sum(p => (long)p.Count), n.MultiplyAdds))]);
    }

    private static int BytesPerValue(Backend backend)
    {
        using Storage one = backend.Allocate(1);
        return (int)(one.Bytes / one.Count);
    }

    private static void Print(SummaryResult result, Ui ui)
    {
        var table = new TextTable("layer", "type", "output", "parameters", "multiply-adds") { Left = [1] };
        foreach (SummaryLayer l in result.Layers)
        {
            table.Add(l.Name, l.Type, new Shape(l.Output[0], l.Output[1], l.Output[2]).ToString(),
                l.Parameters == 0 ? "" : Text.Count(l.Parameters), l.MultiplyAdds == 0 ? "" : Text.Count(l.MultiplyAdds));
        }
        table.Add("total", "", "", Text.Count(result.Parameters), Text.Count(result.MultiplyAdds));
        ui.Result("net", $"{result.Net}  {result.Description}  {result.Classes} classes");
        ui.Result();
        ui.Result(table);
        ui.Result();
        SummaryMemory m = result.Memory;
        ui.Result("memory", $"weights {Text.Bytes(m.Weights)}; with batch {result.Batch} on {m.Device}: inference {Text.Bytes(m.Inference)}, training {Text.Bytes(m.Training)} more (and gradients and momenta {Text.Bytes(2 * m.Weights)})");
        ui.Note("next", $"evennet init {result.Net} --images YOUR_PHOTOS --out {result.Net}.safetensors");
    }
}
