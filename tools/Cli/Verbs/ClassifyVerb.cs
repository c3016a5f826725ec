using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>What a net says of pictures: the five classes with the largest scores.</summary>
internal sealed class ClassifyVerb : Verb
{
    private const int Best = 5, PublishedSide = 256, SmallSide = 128;

    private readonly NetChoice net;
    private readonly Argument<string[]> images = new("IMAGE") { Description = "Pictures: JPEG, PNG, PPM, PGM.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> weights = new("--weights") { Description = $"The net's weights: {ModelFormats.List(f => f.HoldsWeights)}. Left out where NET holds its own.", HelpName = "FILE" };
    private readonly Option<string?> labels = new("--labels") { Description = "A file with a class's name a line.", HelpName = "FILE" };
    private readonly Option<int?> resize = new("--resize") { Description = $"The picture's shorter side before the middle is cut out; 0 leaves it. By default {PublishedSide}, or the net's own where that is under {SmallSide}.", HelpName = "N" };
    private readonly Option<bool> redFirst = new("--red-first") { Description = "The net takes red, green and blue in this order, as nets do that were trained on CIFAR's files; a mean picture is in that order too." };
    private readonly PreprocessChoice preprocess;
    private readonly DeviceChoice device;
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public ClassifyVerb() : base("classify", "Shows what a trained net takes pictures for: the five classes with the largest scores.",
        "evennet classify deploy.prototxt --weights trained.caffemodel --labels synset_words.txt cat.jpg", "evennet classify caffenet --weights trained.safetensors --json a.jpg b.jpg")
    {
        net = new NetChoice(this);
        Arguments.Add(images);
        Add(weights);
        Add(labels);
        resize.RequireAtLeast(0);
        Add(resize);
        Add(redFirst);
        preprocess = new PreprocessChoice(this);
        device = new DeviceChoice(this);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        NetInfo info = net.Net(options, ui);
        string file = options.GetValue(weights) ?? (ModelFormats.Find(info.Name) is { HoldsWeights: true } ? info.Name
            : throw new ToolException(ExitCode.Usage, $"{info.Name} has no weights of its own; give them with --weights FILE"));
        int classes = net.Classes(options) ?? Weights.Classes(file, info) ?? info.Classes;
        using Backend backend = device.Open(options, ui);
        Graph graph = info.Graph(classes);
        Node output = graph.Outputs[^1], input = PictureInput.Of(graph);
        string[]? names = Labels(options.GetValue(labels), output.Shape.Channels);
        using var parameters = new ParameterSet(graph, backend);
        Weights.Load(parameters, file, [], ui, "these are another net's weights", strict: false);
        using var plan = new Net(parameters, 1, new() { Backward = false });
        ImageTransform transform = Transform(options, input.Shape, info);

        using var jpeg = new JpegDecoder();
        var pictures = new ImageFiles(jpeg);
        var values = new float[transform.Shape.Count];
        var results = new List<ClassifyResult>();
        foreach (string path in options.GetRequiredValue(images))
        {
            cancellation.ThrowIfCancellationRequested();
            if (Directory.Exists(path)) throw new ToolException(ExitCode.Data, $"{path} is a folder; name the pictures in it, {Path.Combine(path, "*")}");
            Image picture = pictures.Open(path);
            if (transform.Refusal(picture) is { } refusal) throw new ToolException(ExitCode.Data, $"{path}: {refusal}");
            transform.Apply(picture, values);
            if (input.Shape.Channels == 1) ToGrey(values);
            else if (options.GetValue(redFirst)) SwapEnds(values);
            plan.Load(input, values.AsSpan(0, input.Shape.Count));
            plan.Forward(Phase.Test);
            results.Add(new ClassifyResult(path, Top(plan.Read(output), output.Shape, names)));
            if (!options.GetValue(json)) Print(results[^1], ui);
        }
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(results.ToArray()));
        return ExitCode.Ok;
    }

    private ImageTransform Transform(ParseResult options, Shape input, NetInfo info)
    {
        int side = Math.Min(input.Height, input.Width), shorter = options.GetValue(resize) ?? (side < SmallSide ? Math.Max(input.Height, input.Width) : PublishedSide);
        ImageTransform transform = input.Channels == 1 ? new(input.Height, input.Width) : new(input);
        return preprocess.On(transform with { Fit = ImageFit.Crop, ResizeTo = shorter }, options, info, options.GetValue(redFirst));
    }

    // The first of three planes, blue, green and red, becomes their grey.
    private static void ToGrey(float[] values)
    {
        int plane = values.Length / 3;
        for (int i = 0; i < plane; i++) values[i] = 0.114f * values[i] + 0.587f * values[plane + i] + 0.299f * values[2 * plane + i];
    }

    private static void SwapEnds(Span<float> planes)
    {
        int plane = planes.Length / 3;
        for (int i = 0; i < plane; i++) (planes[i], planes[2 * plane + i]) = (planes[2 * plane + i], planes[i]);
    }

    // Of several positions the mean counts, as where a net is slid over a larger picture. The first of equals comes first.
    private static ClassScore[] Top(float[] output, Shape shape, string[]? names)
    {
        IEnumerable<ClassScore> all = Enumerable.Range(0, shape.Channels).Select(c =>
        {
            double score = 0;
            for (int i = 0; i < shape.Plane; i++) score += output[c * shape.Plane + i];
            return new ClassScore(c, names?[c] ?? "", score / shape.Plane);
        });
        return [.. all.OrderByDescending(s => s.Score).Take(Best)];
    }

    private static string[]? Labels(string? path, int classes)
    {
        if (path is null) return null;
        string[] lines = [.. File.ReadLines(path).Take(2 * classes + 1).Where(l => l.Trim().Length > 0)];
        return lines.Length == classes ? lines : throw new ToolException(ExitCode.Data, $"{path} names {lines.Length} classes, the net has {classes}");
    }

    private static void Print(ClassifyResult result, Ui ui)
    {
        ui.Result(result.File);
        foreach (ClassScore s in result.Top) ui.Result($"  {Text.Fixed(s.Score, 4),10}  {s.Index,5}  {s.Label}");
    }
}
