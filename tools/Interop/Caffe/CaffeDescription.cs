using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;
using Google.Protobuf.Collections;

namespace EvenNet.Interop;

// From a graph to Caffe's description of it. Blobs are named after their nodes; layers that keep nothing of their input work in place where they alone read it.
internal sealed class CaffeDescription
{
    private readonly Graph graph;
    private readonly Dictionary<Node, string> blobs = [];
    private readonly NetParameter net = new();

    private CaffeDescription(Graph graph, string name)
    {
        this.graph = graph;
        net.Name = name;
        foreach (Node node in graph.Nodes) Add(node);
    }

    public static NetParameter Of(Graph graph, string name) => new CaffeDescription(graph, name).net;

    private void Add(Node node)
    {
        var layer = new LayerParameter { Name = node.Name };
        layer.Bottom.Add(node.Inputs.Select(i => blobs[i]));
        string top = IsInPlace(node) ? blobs[node.Inputs[0]] : node.Name;
        layer.Top.Add(top);
        blobs[node] = top;
        Set(layer, node);
        if (node.Layer.SharedWith is { } owner) Share(layer, owner);
        else layer.Param.Add(Specs(node));
        net.Layer.Add(layer);
    }

    private bool IsInPlace(Node node) => node.Layer is Relu or Dropout && node.Inputs[0].Layer is not Framework.Input
        && graph.Nodes.Count(n => n.Inputs.Contains(node.Inputs[0])) == 1 && !graph.Outputs.Contains(node.Inputs[0]);

    private static IEnumerable<ParamSpec> Specs(Node node)
    {
        foreach (ParameterSpec spec in node.ParameterSpecs.Where(s => !(node.Layer is IAffine && s.Name == "scale")))
        {
            var param = new ParamSpec();
            if (spec.LearningRate != 1) param.LrMult = spec.LearningRate;
            if (spec.Decay != 1) param.DecayMult = spec.Decay;
            yield return param;
        }
    }

    // Caffe shares blobs by their names.
    private void Share(LayerParameter layer, Node owner)
    {
        LayerParameter first = net.Layer.First(l => l.Name == owner.Name);
        for (int i = 0; i < first.Param.Count; i++)
        {
            if (!first.Param[i].HasName) first.Param[i].Name = $"{owner.Name}/{i}";
            layer.Param.Add(new ParamSpec { Name = first.Param[i].Name });
        }
    }

    private void Set(LayerParameter layer, Node node)
    {
        switch (node.Layer)
        {
            case Input l:
                layer.Type = "Input";
                var shape = new BlobShape { Dim = { 1, l.Size.Channels } };
                if (l.Size.Plane > 1) shape.Dim.Add([l.Size.Height, l.Size.Width]);
                layer.InputParam = new() { Shape = { shape } };
                break;
            case Convolution l:
                (layer.Type, layer.ConvolutionParam) = ("Convolution", Window(l.Outputs, l.HasBias, l.Groups, l.Kernel, l.Stride, l.Pad, l.Dilation));
                break;
            case Deconvolution l:
                (layer.Type, layer.ConvolutionParam) = ("Deconvolution", Window(l.Outputs, l.HasBias, l.Groups, l.Kernel, l.Stride, l.Pad, l.Dilation));
                break;
            case InnerProduct l:
                (layer.Type, layer.InnerProductParam) = ("InnerProduct", new() { NumOutput = (uint)l.Outputs });
                if (!l.HasBias) layer.InnerProductParam.BiasTerm = false;
                break;
            case Pooling l:
                (layer.Type, layer.PoolingParam) = ("Pooling", Pool(l));
                break;
            case Lrn l:
                (layer.Type, layer.LrnParam) = ("LRN", new() { LocalSize = (uint)l.Size, Alpha = l.Alpha, Beta = l.Beta, K = l.K });
                break;
            case LrnWithin l:
                (layer.Type, layer.LrnParam) = ("LRN", new() { LocalSize = (uint)l.Size, Alpha = l.Alpha, Beta = l.Beta, NormRegion = LRNParameter.Types.NormRegion.WithinChannel });
                break;
            case BatchNorm l:
                (layer.Type, layer.BatchNormParam) = ("BatchNorm", new() { Eps = l.Epsilon, MovingAverageFraction = l.Fraction });
                break;
            case Scale l:
                (layer.Type, layer.ScaleParam) = ("Scale", new() { BiasTerm = l.HasBias });
                break;
            case Eltwise l:
                (layer.Type, layer.EltwiseParam) = ("Eltwise", new() { Operation = l.Kind switch { EltwiseKind.Product => EltwiseParameter.Types.EltwiseOp.Prod, EltwiseKind.Max => EltwiseParameter.Types.EltwiseOp.Max, _ => EltwiseParameter.Types.EltwiseOp.Sum } });
                layer.EltwiseParam.Coeff.Add(l.Coefficients);
                break;
            case Reshape l:
                (layer.Type, layer.ReshapeParam) = ("Reshape", new() { Shape = new() { Dim = { 0, l.To.Channels, l.To.Height, l.To.Width } } });
                break;
            case Crop l:
                SetCrop(layer, node, l);
                break;
            default:
                if (!SetCurve(layer, node.Layer) && !SetLoss(layer, node.Layer)) throw new GraphException($"{node.Name}: Caffe has no layer for {node.Layer.GetType().Name}");
                break;
        }
    }

    private static bool SetCurve(LayerParameter layer, Layer made)
    {
        layer.Type = made switch
        {
            Relu => "ReLU",
            PRelu => "PReLU",
            Elu => "ELU",
            Sigmoid => "Sigmoid",
            Tanh => "TanH",
            Softmax => "Softmax",
            Dropout => "Dropout",
            Concat => "Concat",
            Bias => "Bias",
            Absolute => "AbsVal",
            Softplus => "BNLL",
            Swish => "Swish",
            Clip => "Clip",
            Threshold => "Threshold",
            Power => "Power",
            Exponential => "Exp",
            Logarithm => "Log",
            _ => "",
        };
        if (made is Relu { Slope: not 0 } relu) layer.ReluParam = new() { NegativeSlope = relu.Slope };
        if (made is PRelu { Shared: true }) layer.PreluParam = new() { ChannelShared = true };
        if (made is Elu { Alpha: not 1 } elu) layer.EluParam = new() { Alpha = elu.Alpha };
        if (made is Dropout dropout) layer.DropoutParam = new() { DropoutRatio = dropout.Rate };
        if (made is Swish { Beta: not 1 } swish) layer.SwishParam = new() { Beta = swish.Beta };
        if (made is Clip clip) layer.ClipParam = new() { Min = clip.Least, Max = clip.Most };
        if (made is Threshold threshold) layer.ThresholdParam = new() { Threshold = threshold.Level };
        if (made is Power power) layer.PowerParam = new() { Power = power.Exponent, Scale = power.Factor, Shift = power.Shift };
        if (made is Exponential e) layer.ExpParam = new() { Base = e.Base == 0 ? -1 : e.Base, Scale = e.Factor, Shift = e.Shift };
        if (made is Logarithm log) layer.LogParam = new() { Base = log.Base == 0 ? -1 : log.Base, Scale = log.Factor, Shift = log.Shift };
        return layer.Type.Length > 0;
    }

    // A loss reads its labels from a blob of its own; its weight stands with its top.
    private static bool SetLoss(LayerParameter layer, Layer made)
    {
        layer.Type = made switch { SoftmaxLoss => "SoftmaxWithLoss", SigmoidCrossEntropy => "SigmoidCrossEntropyLoss", EuclideanLoss => "EuclideanLoss", ContrastiveLoss => "ContrastiveLoss", _ => "" };
        if (made is ILoss { Weight: not 1 } loss) layer.LossWeight.Add(loss.Weight);
        if (made is ContrastiveLoss pairs) layer.ContrastiveLossParam = new() { Margin = pairs.Margin, LegacyVersion = pairs.OfSquares };
        (LossNormalization normalization, int? ignore) = made switch
        {
            SoftmaxLoss l => (l.Normalization, l.IgnoreLabel),
            SigmoidCrossEntropy l => (l.Normalization, (int?)l.IgnoreLabel),
            _ => (LossNormalization.BatchSize, null),
        };
        if (made is not (SoftmaxLoss or SigmoidCrossEntropy)) return layer.Type.Length > 0;
        layer.LossParam = new() { Normalization = normalization switch { LossNormalization.Full => LossParameter.Types.NormalizationMode.Full, LossNormalization.Valid => LossParameter.Types.NormalizationMode.Valid, LossNormalization.None => LossParameter.Types.NormalizationMode.None, _ => LossParameter.Types.NormalizationMode.BatchSize } };
        if (ignore is { } label) layer.LossParam.IgnoreLabel = label;
        return true;
    }

    private static ConvolutionParameter Window(int outputs, bool hasBias, int groups, Extent kernel, Extent stride, Extent pad, Extent dilation)
    {
        var p = new ConvolutionParameter { NumOutput = (uint)outputs };
        if (!hasBias) p.BiasTerm = false;
        if (groups != 1) p.Group = (uint)groups;
        Sides(p.KernelSize, kernel, always: true);
        Sides(p.Stride, stride, always: stride != 1);
        Sides(p.Pad, pad, always: pad != 0);
        Sides(p.Dilation, dilation, always: dilation != 1);
        return p;
    }

    private static void Sides(RepeatedField<uint> to, Extent extent, bool always)
    {
        if (!always) return;
        to.Add((uint)extent.Height);
        if (extent.Width != extent.Height) to.Add((uint)extent.Width);
    }

    private static PoolingParameter Pool(Pooling l)
    {
        var p = new PoolingParameter { Pool = l.Kind == PoolKind.Max ? PoolingParameter.Types.PoolMethod.Max : PoolingParameter.Types.PoolMethod.Ave };
        if (l.Kernel.Height == l.Kernel.Width) p.KernelSize = (uint)l.Kernel.Height;
        else (p.KernelH, p.KernelW) = ((uint)l.Kernel.Height, (uint)l.Kernel.Width);
        if (l.Stride.Height != l.Stride.Width) (p.StrideH, p.StrideW) = ((uint)l.Stride.Height, (uint)l.Stride.Width);
        else if (l.Stride != 1) p.Stride = (uint)l.Stride.Height;
        if (l.Pad.Height != l.Pad.Width) (p.PadH, p.PadW) = ((uint)l.Pad.Height, (uint)l.Pad.Width);
        else if (l.Pad != 0) p.Pad = (uint)l.Pad.Height;
        if (l.Floor) p.RoundMode = PoolingParameter.Types.RoundMode.Floor;
        return p;
    }

    // A cut of channels is a slice, whose other parts go unread; Caffe cuts planes only to the size of another blob.
    private static void SetCrop(LayerParameter layer, Node node, Crop l)
    {
        Shape x = node.InputShapes[0];
        if (l.Size.Height != x.Height || l.Size.Width != x.Width) throw new GraphException($"{node.Name}: Caffe cuts planes only to the size of another blob");
        (layer.Type, layer.SliceParam) = ("Slice", new());
        string top = layer.Top[0];
        layer.Top.Clear();
        if (l.Channel > 0)
        {
            layer.Top.Add($"{top}/before");
            layer.SliceParam.SlicePoint.Add((uint)l.Channel);
        }
        layer.Top.Add(top);
        if (l.Channel + l.Size.Channels < x.Channels)
        {
            layer.Top.Add($"{top}/after");
            layer.SliceParam.SlicePoint.Add((uint)(l.Channel + l.Size.Channels));
        }
    }
}
