using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>
/// What PyTorch calls a net's layers, and what its pictures are like there: red, green and blue as (x / 255 − mean) / deviation, where the nets here take
/// blue, green and red, 0 … 255, minus 255 · mean. The first convolution's weights are converted, which makes both the same function.
/// </summary>
public sealed class TorchNaming
{
    private static readonly PixelNorm ImageNet = new([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    private readonly Func<string, string?> module;

    private TorchNaming(string name, string description, Func<string, string?> module, PixelNorm? pixels = null)
    {
        (Name, Description, this.module, Pixels) = (name, description, module, pixels);
    }

    /// <summary>torchvision's published nets; the names of <see cref="EvenNet"/>'s that have their sizes.</summary>
    public static IReadOnlyList<TorchNaming> Published { get; } =
    [
        new("vgg16", "torchvision's vgg16", Vgg16, ImageNet),
        new("alexnet-owt", "torchvision's alexnet", AlexNet, ImageNet),
        // torchvision's trained GoogLeNet brings its pictures to (x − 0.5) / 0.5 itself («transform_input»).
        new("googlenet-bn", "torchvision's googlenet", GoogLeNet, new PixelNorm([0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f])),
    ];

    /// <summary>Any net's own names with dots for slashes; normalization and its scale are one module, as in PyTorch. Pictures stay as they are.</summary>
    public static TorchNaming Plain { get; } = new("", "PyTorch", layer => layer.Replace('/', '.'));

    /// <summary>The net here, or empty for any.</summary>
    public string Name { get; }

    /// <summary>For messages: «torchvision's vgg16».</summary>
    public string Description { get; }

    /// <summary>Mean and deviation of pictures, or null where they are the same on both sides.</summary>
    public PixelNorm? Pixels { get; }

    /// <summary>
    /// The tensor of a state_dict that holds a parameter; null where none does. Null also for a layer that such a net has not, which makes the naming
    /// unfit for the graph.
    /// </summary>
    public string? Tensor(Graph graph, Parameter parameter)
    {
        Node node = parameter.Node;
        if (node.Layer is BatchNorm)
        {
            string? kind = parameter.Spec.Name switch { "mean_sum" => "running_mean", "variance_sum" => "running_var", _ => null };
            return kind is null || module(node.Name) is not { } normalization ? null : $"{normalization}.{kind}";
        }
        if (parameter.Spec.Name == "scale") return null;
        string owner = node.Layer is Scale && node.Inputs[0].Layer is BatchNorm ? node.Inputs[0].Name : node.Name;
        return module(owner) is { } name ? $"{name}.{(parameter.Spec.Name == "slope" ? "weight" : parameter.Spec.Name)}" : null;
    }

    /// <summary>Whether every parameter of a graph has its tensor in a file.</summary>
    public bool Fits(ParameterSet parameters, IWeightFile file) => parameters.All.Where(p => p.Spec.Name is not ("scale" or "count"))
        .All(p => Tensor(parameters.Graph, p) is { } name && file.Find(name) is not null);

    /// <summary>Whether a tensor belongs to no net here: counts of batches, and the heads that torchvision's GoogLeNet is trained with.</summary>
    internal bool PassesOver(string tensor) => tensor.EndsWith(".num_batches_tracked", StringComparison.Ordinal)
        || Name == "googlenet-bn" && (tensor.StartsWith("aux1.", StringComparison.Ordinal) || tensor.StartsWith("aux2.", StringComparison.Ordinal));

    /// <summary>The convolution that sees the pictures, if they are to be converted.</summary>
    internal bool IsFirst(Parameter parameter) => Pixels is not null && parameter.Node.Layer is Convolution && parameter.Spec.Name == "weight"
        && parameter.Node.Inputs[0].Layer is Input && parameter.Spec.Dimensions[1] == 3;

    private static string? Vgg16(string layer)
    {
        int[] before = [0, 5, 10, 17, 24];
        if (layer.StartsWith("conv", StringComparison.Ordinal) && layer.Length == 7 && layer[5] == '_' && layer[4] is >= '1' and <= '5' && layer[6] is >= '1' and <= '3')
            return $"features.{before[layer[4] - '1'] + 2 * (layer[6] - '1')}";
        return layer switch { "fc6" => "classifier.0", "fc7" => "classifier.3", "fc8" => "classifier.6", _ => null };
    }

    private static string? AlexNet(string layer) => layer switch
    {
        "conv1" => "features.0",
        "conv2" => "features.3",
        "conv3" => "features.6",
        "conv4" => "features.8",
        "conv5" => "features.10",
        "fc6" => "classifier.1",
        "fc7" => "classifier.4",
        "fc8" => "classifier.6",
        _ => null,
    };

    private static string? GoogLeNet(string layer)
    {
        if (layer == "loss3/classifier") return "fc";
        string kind = "conv", name = layer;
        if (layer.EndsWith("/bn", StringComparison.Ordinal)) (kind, name) = ("bn", layer[..^3]);
        string? block = name switch { "conv1/7x7_s2" => "conv1", "conv2/3x3_reduce" => "conv2", "conv2/3x3" => "conv3", _ => null };
        if (block is null && name.StartsWith("inception_", StringComparison.Ordinal) && name.IndexOf('/') == 12)
        {
            string? branch = name[13..] switch
            {
                "1x1" => "branch1",
                "3x3_reduce" => "branch2.0",
                "3x3" => "branch2.1",
                "double3x3_reduce" => "branch3.0",
                "double3x3" => "branch3.1",
                "pool_proj" => "branch4.1",
                _ => null,
            };
            block = branch is null ? null : $"inception{name[10..12]}.{branch}";
        }
        return block is null ? null : $"{block}.{kind}";
    }
}

/// <summary>What pictures are normalised by: red, green and blue, of values from 0 to 1.</summary>
/// <param name="Mean">Subtracted.</param>
/// <param name="Deviation">Divided by.</param>
public sealed record PixelNorm(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation);
