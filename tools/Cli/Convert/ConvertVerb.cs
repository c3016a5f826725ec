using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>From one kind of model file to another.</summary>
internal sealed class ConvertVerb : Verb
{
    private readonly Argument<string> from = new("IN") { Description = $"The file to read: {ModelFormats.List(_ => true)}." };
    private readonly Argument<string> to = new("OUT") { Description = $"The file to write: {ModelFormats.List(f => f.CanWrite)}." };
    private readonly Option<string?> net = new("--net") { Description = "Whose weights they are, where IN does not say: a net's name, or a file that describes one.", HelpName = "NET" };
    private readonly Option<bool> strict = new("--strict") { Description = "Fail where IN has a tensor that the net lacks, or lacks one that the net has." };
    private readonly Option<string[]> skip = new("--skip") { Description = "Layers to leave out of IN.", HelpName = "LAYER", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> foldScale = new("--fold-scale") { Description = "Multiply each layer's frozen scale into its weights and bias; the function stays, the even change rates do not." };
    private readonly Option<bool> fold = new("--fold") { Description = "Write the net without its batch normalizations and the scales behind them: they go into the weights below. For use, not for training; OUT must hold a net." };
    private readonly Option<bool> torchNames = new("--torch-names") { Description = "Write a state_dict for PyTorch (.safetensors): its names, and torchvision's own for vgg16, alexnet-owt and googlenet-bn." };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public ConvertVerb() : base("convert", "Converts a model file into another format, chosen by the extensions, and reports every tensor that did not fit.",
        "evennet convert trained.caffemodel model.onnx --net deploy.prototxt", "evennet convert caffenet.safetensors caffenet.caffemodel", "evennet convert resnet20.safetensors resnet20.onnx --fold")
    {
        Arguments.Add(from);
        Arguments.Add(to);
        foreach (Option option in (Option[])[net, strict, skip, foldScale, fold, torchNames, json]) Options.Add(option);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        string source = options.GetRequiredValue(from), target = options.GetRequiredValue(to);
        ModelFormat reads = ModelFormats.Of(source), writes = ModelFormats.Of(target);
        if (!writes.CanWrite) throw new ToolException(ExitCode.Usage, $"{target}: {writes.Description} can be read, not written");
        if (options.GetValue(torchNames) && writes is not SafetensorsFormat) throw new ToolException(ExitCode.Usage, $"--torch-names writes .safetensors, not {target}");
        if (options.GetValue(fold) && !writes.HoldsNet) throw new ToolException(ExitCode.Usage, $"{target}: --fold makes another net, and {writes.Description} hold none; there are {ModelFormats.List(f => f.HoldsNet && f.CanWrite)}");
        if (Path.GetFullPath(source) == Path.GetFullPath(target)) throw new ToolException(ExitCode.Usage, $"IN and OUT are the same file, {source}");
        var reading = new NetReading(ui.Warn);
        NetInfo info = options.GetValue(net) is { } named ? ModelFormats.Net(named, reading) : Described(reads, source, reading);

        using Backend backend = Backends.Open("cpu");
        using var parameters = new ParameterSet(info.Graph(), backend);
        CheckpointReport? report = null;
        if (reads.HoldsWeights) report = reads.ReadWeights(parameters, source, new WeightReading(options.GetValue(strict), options.GetValue(skip) ?? []));
        else if (writes.HoldsWeights) ui.Warn($"{source} holds no weights; those written are zero but for what starts at one");
        using NormalizationFolding? folded = options.GetValue(fold) ? new NormalizationFolding(parameters) : null;
        // Not under the name that leads back to a description: it has the layers that are gone.
        NetInfo written = folded is null ? info : info with { Name = $"{Path.GetFileName(info.Name)} folded", Outputs = _ => folded.Parameters.Graph.Outputs };
        writes.Write(folded?.Parameters ?? parameters, target, new ModelWriting(written, options.GetValue(foldScale), ui.Warn) { TorchNames = options.GetValue(torchNames) }, cancellation);

        if (options.GetValue(json)) ui.Raw(ToolJson.Write(Result(source, target, info, parameters, report) with { Folded = folded?.Folded ?? [] }));
        else
        {
            if (report is not null) LoadTables.Print(report, ui);
            if (folded is not null) ui.Result("folded", $"{folded.Folded.Count} layers into those below");
            ui.Note("wrote", $"{target} ({Text.Bytes(new FileInfo(target).Length)})");
        }
        return ExitCode.Ok;
    }

    // Weights that were saved in training may come with a description that begins at data which are not in the file.
    private static NetInfo Described(ModelFormat reads, string source, NetReading reading)
    {
        try
        {
            return reads.ReadNet(source, reading);
        }
        catch (NetFormatException error) when (reads.HoldsWeights)
        {
            throw new ToolException(ExitCode.Data, $"{error.Message}\nname the net whose weights these are, --net NET, to leave the description in this file aside", error);
        }
    }

    private static ConvertResult Result(string source, string target, NetInfo info, ParameterSet parameters, CheckpointReport? report) => new(
        source, target, info.Name, parameters.Graph.ParameterCount, report?.Loaded ?? [], report?.Reshaped ?? [], report?.Skipped ?? [],
        report?.Mismatched ?? [], report?.Missing ?? [], report?.Unused ?? []);
}
