using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>A net cut off at the node whose values are compared.</summary>
internal sealed class FeatureNet
{
    // As many pictures as the paper initializes with.
    private const int InitPictures = 160;

    private readonly NetInfo info;
    private readonly Node node;

    /// <param name="name">For people.</param>
    /// <param name="net">A net's name or file.</param>
    /// <param name="weights">A weight file, or the name of an initialization.</param>
    /// <param name="wanted">The node's name; without one, what the last layer with parameters reads.</param>
    /// <param name="ui">Hears what was read otherwise than the file has it.</param>
    public FeatureNet(string? name, string net, string weights, string? wanted, Ui ui)
    {
        info = ModelFormats.Net(net, new NetReading(ui.Warn));
        IsFile = ModelFormats.Find(weights) is { HoldsWeights: true };
        if (!IsFile && !InitMethods.Names.Contains(weights))
            throw new ToolException(ExitCode.Usage, $"--weights {weights} is neither a weight file nor an initialization; did you mean {NearestName.Of(weights, InitMethods.Names)}? There are {string.Join(", ", InitMethods.Names)}");
        if (IsFile && !File.Exists(weights)) throw new FileNotFoundException($"There is no file {weights}.", weights);
        Graph graph = info.Graph(IsFile ? Weights.Classes(weights, info) : null);
        node = wanted is not null ? graph[wanted]
            : graph.Affine.LastOrDefault() is { } classifier ? classifier.Inputs[0]
            : throw new ToolException(ExitCode.Usage, $"{net} has no layer with parameters; name a node with --node");
        if (node.Layer is Input) throw new ToolException(ExitCode.Usage, $"{node.Name} is the picture itself; name another node of {net} with --node");
        (Net, WeightsName, Name) = (net, weights, name ?? (IsFile ? Path.GetFileNameWithoutExtension(weights) : $"{info.Name} {weights}"));
    }

    public string Name { get; }

    public string Net { get; }

    public string WeightsName { get; }

    public bool IsFile { get; }

    public string NodeName => node.Name;

    /// <summary>The mean that the net was published with.</summary>
    public NetInfo Info => info;

    /// <summary>Values of a feature.</summary>
    public int Dimensions(bool average) => average ? node.Shape.Channels : node.Shape.Count;

    /// <summary>Features of all pictures, count × dimensions.</summary>
    public float[] Features(PictureReader pictures, ImageFit fit, Func<ImageTransform, ImageTransform> preprocess, FeatureOptions options, Backend backend, Ui ui, CancellationToken cancellation)
    {
        int dimensions = Dimensions(options.Average);
        if ((long)dimensions * pictures.Paths.Count > Array.MaxLength)
            throw new ToolException(ExitCode.OutOfMemory, $"{pictures.Paths.Count} features of {dimensions} values are more than {Array.MaxLength} together; with --average a feature has {node.Shape.Channels}, or choose a smaller --node");
        Graph graph = Graph.Of(node);
        Node input = PictureInput.Of(graph);
        using var parameters = new ParameterSet(graph, backend);
        ImageTransform transform = preprocess(pictures.Transform(input.Shape, fit));
        SetWeights(parameters, pictures, transform, options.Seed, ui, cancellation);

        float[] features = new float[(long)dimensions * pictures.Paths.Count];
        int batch = Math.Min(options.Batch, pictures.Paths.Count);
        using var plan = new Net(parameters, batch, new() { Backward = false });
        float[] values = new float[batch * input.Shape.Count];
        return ui.Track(progress =>
        {
            for (int first = 0; first < pictures.Paths.Count; first += batch)
            {
                cancellation.ThrowIfCancellationRequested();
                int start = first, count = Math.Min(batch, pictures.Paths.Count - first);
                backend.For(count, i => transform.Apply(pictures.Open(start + i), values.AsSpan(i * input.Shape.Count, input.Shape.Count)));
                plan.Load(input, values);
                plan.Forward(Phase.Test);
                Take(plan.Read(node), count, features.AsSpan(first * dimensions), options.Average);
                progress.Report(new InitProgress("features", $"{Name}, {first + count} of {pictures.Paths.Count}", (double)(first + count) / pictures.Paths.Count));
            }
            int bad = Array.FindIndex(features, f => !float.IsFinite(f));
            return bad < 0 ? features : throw new ToolException(ExitCode.Diverged, $"{node.Name} of {Name} puts out numbers that are not finite for {pictures.Paths[bad / dimensions]}");
        });
    }

    private void SetWeights(ParameterSet parameters, PictureReader pictures, ImageTransform transform, ulong seed, Ui ui, CancellationToken cancellation)
    {
        if (IsFile)
        {
            Weights.Load(parameters, WeightsName, [], ui, strict: false);
            return;
        }
        int count = Math.Min(InitPictures, pictures.Paths.Count);
        float[] images = new float[count * transform.Shape.Count];
        int[] order = [.. Enumerable.Range(0, pictures.Paths.Count)];
        new Philox(seed, RandomPurpose.Order, index: 1).Shuffle(order.AsSpan());
        parameters.Backend.For(count, i => transform.Apply(pictures.Open(order[i]), images.AsSpan(i * transform.Shape.Count, transform.Shape.Count)));
        var chosen = new InitOptions { Method = WeightsName, Fills = info.Fills, Seed = seed, Elements = false };
        InitReport report = ui.Track(progress => Initializer.Run(parameters, images, count, chosen, progress, cancellation));
        foreach (InitNote note in report.Notes) ui.Warn($"{Name}, {note.Layer}: {note.Message}");
    }

    // All values, or the mean of each channel's.
    private void Take(float[] values, int count, Span<float> features, bool average)
    {
        if (!average)
        {
            values.AsSpan(0, count * node.Shape.Count).CopyTo(features);
            return;
        }
        for (int i = 0; i < count * node.Shape.Channels; i++)
        {
            double sum = 0;
            foreach (float value in values.AsSpan(i * node.Shape.Plane, node.Shape.Plane)) sum += value;
            features[i] = (float)(sum / node.Shape.Plane);
        }
    }
}

/// <summary>How features are made.</summary>
/// <param name="Average">Of each channel only the mean over its positions.</param>
/// <param name="Batch">Pictures at a time.</param>
/// <param name="Seed">Of initializations.</param>
internal sealed record FeatureOptions(bool Average, int Batch, ulong Seed);
