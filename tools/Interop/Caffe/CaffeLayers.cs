using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;
using Google.Protobuf.Collections;

namespace EvenNet.Interop;

// What each of Caffe's layer types becomes.
internal static partial class CaffeLayers
{
    /// <summary>How many blobs a type reads and writes, and what it adds to the graph. One that does not read leaves its bottoms among the net's outputs.</summary>
    internal sealed record Rule(int LeastInputs, int MostInputs, int LeastOutputs, int MostOutputs, Action<CaffeGraphBuilder, LayerParameter> Add)
    {
        public bool Reads { get; init; } = true;
    }

    /// <summary>By Caffe's name.</summary>
    public static IReadOnlyDictionary<string, Rule> All { get; } = new Dictionary<string, Rule>(StringComparer.Ordinal)
    {
        ["Input"] = new(0, 0, 1, int.MaxValue, Input),
        ["Data"] = new(0, 0, 1, 2, (net, l) => Data(net, l, l.DataParam?.CropSize ?? 0, isGrey: false)),
        ["ImageData"] = new(0, 0, 1, 2, ImageData),
        ["WindowData"] = new(0, 0, 1, 2, (net, l) => Data(net, l, l.WindowDataParam?.CropSize ?? 0, isGrey: false)),
        ["HDF5Data"] = new(0, 0, 1, int.MaxValue, (net, l) => Data(net, l, crop: 0, isGrey: false)),
        ["MemoryData"] = new(0, 0, 1, 2, MemoryData),
        ["DummyData"] = new(0, 0, 1, int.MaxValue, DummyData),
        ["Convolution"] = new(1, 1, 1, 1, (net, l) => Add(net, l, Convolution(net, l))),
        ["Deconvolution"] = new(1, 1, 1, 1, (net, l) => Add(net, l, Deconvolution(net, l))),
        ["InnerProduct"] = new(1, 1, 1, 1, InnerProduct),
        ["Pooling"] = new(1, 1, 1, 1, (net, l) => Add(net, l, Pooling(net, l))),
        ["LRN"] = new(1, 1, 1, 1, (net, l) => Add(net, l, Lrn(l.LrnParam ?? new()))),
        ["ReLU"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Relu(l.ReluParam?.NegativeSlope ?? 0))),
        ["PReLU"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new PRelu(l.PreluParam?.ChannelShared ?? false))),
        ["ELU"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Elu(l.EluParam?.Alpha ?? 1))),
        ["Sigmoid"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Sigmoid())),
        ["TanH"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Tanh())),
        ["AbsVal"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Absolute())),
        ["BNLL"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Softplus())),
        ["Swish"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Swish(l.SwishParam?.Beta ?? 1))),
        ["Clip"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Clip(l.ClipParam?.Min ?? 0, l.ClipParam?.Max ?? 0))),
        ["Threshold"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Threshold(l.ThresholdParam?.Threshold ?? 0))),
        ["Power"] = new(1, 1, 1, 1, (net, l) => Add(net, l, l.PowerParam is { } p ? new Power(p.Power, p.Scale, p.Shift) : new Power())),
        ["Exp"] = new(1, 1, 1, 1, (net, l) => Add(net, l, l.ExpParam is { } p ? new Exponential(Base(p.Base), p.Scale, p.Shift) : new Exponential())),
        ["Log"] = new(1, 1, 1, 1, (net, l) => Add(net, l, l.LogParam is { } p ? new Logarithm(Base(p.Base), p.Scale, p.Shift) : new Logarithm())),
        ["Dropout"] = new(1, 1, 1, 1, (net, l) => Add(net, l, new Dropout(l.DropoutParam?.DropoutRatio ?? 0.5f))),
        ["BatchNorm"] = new(1, 1, 1, 1, (net, l) => Add(net, l, BatchNorm(net, l))),
        ["Scale"] = new(1, 1, 1, 1, (net, l) => Add(net, l, Scale(net, l))),
        ["Bias"] = new(1, 1, 1, 1, (net, l) => Add(net, l, Bias(net, l))),
        ["Softmax"] = new(1, 1, 1, 1, (net, l) => Add(net, l, Softmax(net, l))),
        ["Concat"] = new(1, int.MaxValue, 1, 1, Concat),
        ["Eltwise"] = new(2, int.MaxValue, 1, 1, (net, l) => Add(net, l, Eltwise(net, l))),
        ["Slice"] = new(1, 1, 1, int.MaxValue, Slice),
        ["Split"] = new(1, 1, 1, int.MaxValue, Split),
        ["Flatten"] = new(1, 1, 1, 1, Flatten),
        ["Reshape"] = new(1, 1, 1, 1, Reshape),
        ["Crop"] = new(2, 2, 1, 1, Crop),
        ["SoftmaxWithLoss"] = new(2, 2, 0, 1, (net, l) => Loss(net, l, SoftmaxLoss(net, l))),
        ["SigmoidCrossEntropyLoss"] = new(2, 2, 0, 1, (net, l) => Loss(net, l, SigmoidLoss(l))),
        ["EuclideanLoss"] = new(2, 2, 0, 1, (net, l) => Loss(net, l, new EuclideanLoss(Weight(l)))),
        ["ContrastiveLoss"] = new(3, 3, 0, 1, (net, l) => Loss(net, l, new ContrastiveLoss(l.ContrastiveLossParam?.Margin ?? 1, Weight(l)) { OfSquares = l.ContrastiveLossParam?.LegacyVersion ?? false })),
        ["Accuracy"] = new(2, 2, 0, 2, (_, _) => { }) { Reads = false },
        ["ArgMax"] = new(1, 1, 0, 1, (net, l) => net.Note(l, "a class number is not computed in the net; its scores are an output")) { Reads = false },
        ["Silence"] = new(1, int.MaxValue, 0, 0, (_, _) => { }),
    };

    // A layer of one output that is as many axes deep as its first input.
    private static void Add(CaffeGraphBuilder net, LayerParameter layer, Layer made)
    {
        CaffeBlob[] inputs = [.. layer.Bottom.Select((_, i) => net.Bottom(layer, i))];
        Node node = net.Node(layer, made, [.. inputs.Select(b => b.Node)]);
        net.Own(layer, node);
        net.Top(layer, 0, node, inputs[0].Axes);
    }

    private static void Loss(CaffeGraphBuilder net, LayerParameter layer, Layer made)
    {
        // Two losses under one top's name would be one blob in Caffe's eyes.
        Node node = net.Node(layer, made, [.. layer.Bottom.Select((_, i) => net.Bottom(layer, i).Node)]);
        if (layer.Top.Count > 0) net.Top(layer, 0, node, axes: 0);
        else net.TopWithoutName(node);
    }

    private static float Weight(LayerParameter layer) => layer.LossWeight.Count > 0 ? layer.LossWeight[0] : 1;

    private static float Base(float value) => value == -1 ? 0 : value;

    private static void RequireChannels(CaffeGraphBuilder net, LayerParameter layer, int axis)
    {
        if (net.Bottom(layer, 0).Axis(axis) != 1) throw net.Wrong(layer, $"works along axis {axis}; only the channels, axis 1, are supported");
    }

    private static void Input(CaffeGraphBuilder net, LayerParameter layer)
    {
        RepeatedField<BlobShape> shapes = (layer.InputParam ?? new()).Shape;
        if (shapes.Count != 1 && shapes.Count != layer.Top.Count) throw net.Wrong(layer, $"has {layer.Top.Count} tops and {shapes.Count} shapes; one for all or one for each was expected");
        for (int i = 0; i < layer.Top.Count; i++) net.AddInput(layer, layer.Top[i], shapes[shapes.Count == 1 ? 0 : i].Dim);
    }

    private static void ImageData(CaffeGraphBuilder net, LayerParameter layer)
    {
        ImageDataParameter p = layer.ImageDataParam ?? new();
        uint crop = Math.Max(p.CropSize, layer.TransformParam?.CropSize ?? 0);
        if (crop == 0 && p.NewHeight > 0 && p.NewWidth > 0) Pictures(net, layer, !p.IsColor, (int)p.NewHeight, (int)p.NewWidth);
        else Data(net, layer, crop, !p.IsColor);
    }

    // Pictures of the size that is cut out of them, and a label for each.
    private static void Data(CaffeGraphBuilder net, LayerParameter layer, uint crop, bool isGrey)
    {
        int side = checked((int)Math.Max(crop, layer.TransformParam?.CropSize ?? 0));
        if (side > 0) Pictures(net, layer, isGrey || (layer.TransformParam?.ForceGray ?? false), side, side);
        else if (net.State.Input is { } given) Inputs(net, layer, given);
        else throw net.Wrong(layer, "does not say how large its pictures are (it has no crop_size); give their size, --input-size C,H,W on the command line");
    }

    private static void Pictures(CaffeGraphBuilder net, LayerParameter layer, bool isGrey, int height, int width) =>
        Inputs(net, layer, new Shape(isGrey ? 1 : 3, height, width));

    private static void Inputs(CaffeGraphBuilder net, LayerParameter layer, Shape pictures)
    {
        net.AddInput(layer, layer.Top[0], [1, pictures.Channels, pictures.Height, pictures.Width]);
        for (int i = 1; i < layer.Top.Count; i++) net.AddInput(layer, layer.Top[i], [1]);
    }

    private static void MemoryData(CaffeGraphBuilder net, LayerParameter layer)
    {
        MemoryDataParameter p = layer.MemoryDataParam ?? new();
        net.AddInput(layer, layer.Top[0], [1, p.Channels, p.Height, p.Width]);
        for (int i = 1; i < layer.Top.Count; i++) net.AddInput(layer, layer.Top[i], [1]);
    }

    private static void DummyData(CaffeGraphBuilder net, LayerParameter layer)
    {
        DummyDataParameter p = layer.DummyDataParam ?? new();
        int count = Math.Max(p.Shape.Count, p.Num.Count);
        if (count != 1 && count != layer.Top.Count) throw net.Wrong(layer, $"has {layer.Top.Count} tops and {count} sizes; one for all or one for each was expected");
        for (int i = 0; i < layer.Top.Count; i++)
        {
            int from = count == 1 ? 0 : i;
            long Old(IReadOnlyList<uint> sizes) => sizes.Count == 0 ? 0 : sizes[Math.Min(from, sizes.Count - 1)];
            net.AddInput(layer, layer.Top[i], p.Shape.Count > 0 ? p.Shape[from].Dim : [Old(p.Num), Old(p.Channels), Old(p.Height), Old(p.Width)]);
        }
    }
}
