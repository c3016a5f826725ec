using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>What the ladder of trust runs over: odd sizes, groups, padding that matters, a batch over one, values with two readers.</summary>
public static class Every
{
    private static Node Data(int channels, int height = 1, int width = 1) => Node.Input("data", channels, height, width);

    // A learned layer below, so that input gradients have somewhere to go, and one above, so that borders are asked for.
    private static Node Between(Node x, Func<Node, Node> layer) =>
        layer(x.Convolution("below", 18, 3, pad: 1)).Convolution("above", 5, new Extent(Math.Min(3, x.Shape.Height), 1));

    // The layer adds to its input's gradient, which the sum has written before it.
    private static Node Beside(Node x, Func<Node, Node> layer)
    {
        Node below = x.Convolution("below", 5, 1);
        return Node.Sum("join", layer(below), below);
    }

    // The input named label holds class numbers, one in five of them ignored where there is a number for that.
    private static LayerCase Labelled(string name, int batch, int classes, Func<Node> output, int? ignore = null) =>
        Labelled(name, batch, classes, () => [output()], ignore);

    private static LayerCase Labelled(string name, int batch, int classes, Func<IReadOnlyList<Node>> outputs, int? ignore = null, Phase phase = Phase.Train) =>
        new(name, batch, outputs)
        {
            Phase = phase,
            Data = (node, random) => node.Name != "label" ? null
                : [.. Enumerable.Range(0, batch * node.Shape.Count).Select(_ => (double)(ignore is { } i && random.Next(5) == 0 ? i : random.Next(classes)))],
        };

    public static IEnumerable<LayerCase> LayerCase => [.. Everywhere, .. Curves, .. Cut];

    /// <summary>Without the layers that only the reference and, through it, the cpu have kernels for.</summary>
    public static IEnumerable<LayerCase> Everywhere => [.. Affine, .. Activated, .. Pooled, .. Normalised, .. Combined, .. Losses, .. Regions, .. Nets];

    private static IEnumerable<LayerCase> Affine
    {
        get
        {
            yield return new("convolution 3×3 pad 1", 3, () => Data(4, 7, 5).Convolution("c", 6, 3, pad: 1));
            yield return new("convolution 3 channels 11×11 stride 4", 2, () => Data(3, 27, 31).Convolution("c", 32, 11, stride: 4));
            yield return new("convolution 3 channels 7×7 stride 2 pad 3", 2, () => Data(3, 19, 23).Convolution("c", 16, 7, stride: 2, pad: 3));
            yield return new("convolution 16 to 32 channels", 3, () => Data(16, 13, 13).Convolution("c", 32, 3, pad: 1));
            yield return new("convolution 20 to 40 channels, a tail in both", 2, () => Data(20, 6, 17).Convolution("c", 40, 3, pad: 1));
            yield return new("convolution 32 channels in 2 groups, 5×5", 2, () => Data(32, 9, 8).Convolution("c", 64, 5, pad: 2, groups: 2));
            yield return new("convolution 6 channels in 3 groups", 2, () => Data(6, 7, 6).Convolution("c", 9, 3, pad: 1, groups: 3));
            yield return new("convolution depthwise", 2, () => Data(8, 6, 6).Convolution("c", 8, 3, pad: 1, groups: 8));
            yield return new("convolution 48 channels 1×1", 3, () => Data(48, 5, 7).Convolution("c", 20, 1));
            yield return new("convolution 1×1 stride 2", 2, () => Data(16, 7, 9).Convolution("c", 16, 1, stride: 2));
            yield return new("convolution 3×3 stride 2 pad 1", 2, () => Data(16, 9, 12).Convolution("c", 32, 3, stride: 2, pad: 1));
            yield return new("convolution stride 3, dilation 2", 2, () => Data(16, 17, 15).Convolution("c", 16, 3, stride: 3, pad: 2, dilation: 2));
            yield return new("convolution 1×7 and 7×1", 2, () => Data(16, 9, 9).Convolution("a", 16, new(1, 7), pad: new Extent(0, 3)).Convolution("b", 16, new(7, 1), pad: new Extent(3, 0)));
            yield return new("convolution 2×5 without bias, stride 1×3", 2, () => Data(3, 6, 11).Convolution("c", 4, new(2, 5), stride: new Extent(1, 3), pad: new Extent(0, 2), bias: false));
            yield return new("convolution fused with a rectifier", 2, () => Data(16, 8, 8).Convolution("c", 16, 3, pad: 1).Relu().Convolution("d", 32, 3, pad: 1).Relu());
            yield return new("convolution wider than a tile", 1, () => Data(16, 3, 37).Convolution("c", 48, 3, pad: 1));
            yield return new("inner product on a plane", 3, () => Data(5, 3, 4).InnerProduct("f", 7));
            yield return new("inner product chain, fused", 5, () => Data(33).InnerProduct("a", 50).Relu().InnerProduct("b", 17, bias: false).Relu().InnerProduct("c", 3));
            yield return new("inner product after a convolution", 2, () => Data(16, 5, 5).Convolution("c", 20, 3).Relu().InnerProduct("f", 9));
            yield return new("inner product shared twice", 4, () =>
            {
                Node x = Data(12), a = x.InnerProduct("a", 12);
                return a.Relu().InnerProduct("b", 12, sharedWith: a);
            });
            yield return new("rectifier with a slope", 2, () => Between(Data(3, 6, 5), x => x.Relu(0.1f)));
            yield return new("rectifier unfused by a second reader", 2, () =>
            {
                Node c = Data(16, 5, 6).Convolution("c", 16, 3, pad: 1);
                return Node.Concat("both", c.Relu(), c).Convolution("d", 16, 1);
            });
        }
    }

    private static IEnumerable<LayerCase> Activated
    {
        get
        {
            (string Name, Func<Node, Node> Layer)[] activations =
            [
                ("very leaky rectifier", x => x.Relu(Relu.VeryLeaky)), ("elu", x => x.Elu()), ("elu of 0.3", x => x.Elu(0.3f)), ("tanh", x => x.Tanh()), ("sigmoid", x => x.Sigmoid()),
                ("prelu", x => x.PRelu("slopes")), ("prelu with one slope", x => x.PRelu("slopes", shared: true)),
            ];
            foreach ((string name, Func<Node, Node> layer) in activations)
            {
                yield return new($"{name} between convolutions, 18 channels", 2, () => Between(Data(3, 6, 5), layer));
                yield return new($"{name} between convolutions, 32 channels", 3, () => layer(Data(3, 7, 5).Convolution("below", 32, 3)).Convolution("above", 6, 3, pad: 1));
                yield return new($"{name} after an inner product", 5, () => layer(Data(6).InnerProduct("f", 19)).InnerProduct("g", 3));
                yield return new($"{name} as second reader", 2, () => Beside(Data(3, 4, 3), layer));
                yield return new($"{name} of data", 3, () => layer(Data(5, 3, 7)));
                yield return new($"{name} beside a fused rectifier", 2, () =>
                {
                    Node x = Data(3, 5, 5).Convolution("below", 16, 3, pad: 1).Relu();
                    return Node.Concat("both", layer(x.Convolution("left", 16, 1)), x.Convolution("right", 16, 3, pad: 1).Relu()).Convolution("above", 5, 3);
                });
            }
            yield return new("prelu after batch norm and scale", 3, () => Data(3, 5, 5).Convolution("below", 18, 3, pad: 1, bias: false)
                .BatchNorm("bn").Scale("scale").PRelu("slopes").Convolution("above", 5, 3));
            yield return new("prelu shared twice", 3, () =>
            {
                Node a = Data(3, 4, 4).Convolution("a", 18, 1).PRelu("slopes");
                return new Node("again", new PRelu { SharedWith = a }, a.Convolution("b", 18, 1));
            });
            yield return new("maxout of two convolutions", 2, () => Between(Data(3, 6, 5), x => x.MaxoutConvolution("m", 20, pieces: 2, 3, pad: 1)));
            yield return new("maxout of five inner products", 3, () => Data(7).InnerProduct("below", 9).MaxoutInnerProduct("m", 19, pieces: 5).InnerProduct("above", 4));
            yield return new("channels padded from 18 to 40", 2, () => Between(Data(3, 6, 5), x => x.ChannelPad("pad", 40)));
            yield return new("channels padded from 16 to 48", 3, () => Data(3, 6, 5).Convolution("below", 16, 3).ChannelPad("pad", 48).Convolution("above", 16, 3, pad: 1));
            yield return new("channels padded by none", 2, () => Between(Data(3, 4, 4), x => x.ChannelPad("pad", x.Shape.Channels)));
            yield return new("channels padded as second reader", 2, () =>
            {
                Node below = Data(3, 5, 4).Convolution("below", 16, 1);
                return Node.Concat("join", below.ChannelPad("pad", 32), below).Convolution("above", 5, 3);
            });
            yield return new("residual block that widens and halves", 2, () =>
            {
                Node x = Data(3, 9, 7).Convolution("below", 16, 3, pad: 1).Relu();
                Node path = x.Convolution("a", 32, 3, stride: 2, pad: 1, bias: false).BatchNorm("a/bn").Scale("a/scale").Relu()
                    .Convolution("b", 32, 3, pad: 1, bias: false).BatchNorm("b/bn").Scale("b/scale");
                return Node.Sum("sum", path, x.AveragePool("half", 1, stride: 2).ChannelPad("pad", 32)).Relu().Convolution("above", 5, 1);
            });
        }
    }

    // Arguments stay where a curve is defined and smooth enough for finite differences: magnitudes, then a shift.
    private static IEnumerable<LayerCase> Curves
    {
        get
        {
            (string Name, Func<Node, Node> Layer)[] curves =
            [
                ("absolute", x => x.Absolute("y")), ("clip", x => x.Clip("y", -0.4f, 0.7f)), ("softplus", x => x.Softplus("y")), ("swish", x => x.Swish("y", 1.5f)),
                ("threshold", x => x.Threshold("y", 0.2f)), ("square of a multiple", x => x.Power("y", 2, 0.5f, 3)), ("multiple", x => x.Power("y", factor: -1.7f)),
                ("power of zero", x => x.Power("y", 0, 2, 1)), ("root", x => x.Absolute("a").Power("y", 0.5f, 0.3f, 1)), ("line", x => x.Power("y", factor: -0.8f, shift: 0.4f)), ("exponential", x => x.Exponential("y", factor: 0.5f)),
                ("power of two", x => x.Exponential("y", 2, 0.5f, 0.3f)), ("logarithm", x => x.Absolute("a").Logarithm("y", factor: 0.5f, shift: 1)), ("logarithm to ten", x => x.Absolute("a").Logarithm("y", 10, 1, 2)),
                ("bias", x => x.Bias("y")), ("reshape", x => x.Reshape("y", x.Shape.Height, x.Shape.Width, x.Shape.Channels)),
            ];
            foreach ((string name, Func<Node, Node> layer) in curves)
            {
                yield return new($"{name} between convolutions", 2, () => Between(Data(3, 6, 5), layer));
                yield return new($"{name} of data", 3, () => layer(Data(5, 3, 7)));
                if (name != "reshape") yield return new($"{name} as second reader", 2, () => Beside(Data(3, 4, 3), layer));
            }
            yield return new("flatten before an inner product", 2, () => Data(3, 5, 4).Convolution("below", 16, 3).Flatten("flat").InnerProduct("f", 7));
        }
    }

    private static IEnumerable<LayerCase> Cut
    {
        get
        {
            yield return new("slices of channels, joined in another order", 2, () =>
            {
                Node x = Data(3, 5, 4).Convolution("below", 20, 3, pad: 1);
                return Node.Concat("both", x.Slice("b", 16, 4), x.Slice("a", 0, 16), x.Slice("again", 7, 9)).Convolution("above", 5, 1);
            });
            yield return new("slices of whole blocks, the last with a tail", 2, () =>
            {
                Node x = Data(3, 5, 4).Convolution("below", 40, 3, pad: 1);
                return Node.Concat("both", x.Slice("b", 16, 24).Convolution("c", 16, 3, pad: 1), x.Slice("a", 0, 16).Relu()).Convolution("above", 5, 1);
            });
            yield return new("deconvolution over several chunks", 2, () => Data(64, 31, 33).Deconvolution("c", 24, 3, stride: 2, pad: 1));
            yield return new("crop of a block", 3, () => Between(Data(3, 6, 7), x => x.Crop("cut", new Shape(5, 3, 4), channel: 2, row: 1, column: 3)));
            yield return new("crop as second reader", 2, () =>
            {
                Node x = Data(3, 5, 4).Convolution("below", 6, 1);
                return Node.Sum("join", x.Crop("cut", new Shape(6, 3, 3), row: 1), x.Convolution("beside", 6, new Extent(3, 2)));
            });
            yield return new("deconvolution 4×4 stride 2 pad 1", 2, () => Data(3, 4, 5).Deconvolution("c", 2, 4, stride: 2, pad: 1));
            yield return new("deconvolution in 2 groups between convolutions", 2, () => Between(Data(3, 4, 3), x => x.Deconvolution("c", 16, 3, stride: new Extent(2, 1), groups: 2, dilation: new Extent(1, 2))));
            yield return new("deconvolution 2×3 without bias as second reader", 2, () =>
            {
                Node x = Data(3, 4, 4).Convolution("below", 6, 1);
                return Node.Sum("join", x.Deconvolution("c", 6, 3, pad: 1, bias: false), x);
            });
            yield return new("euclidean loss of two branches", 3, () =>
            {
                Node x = Data(5);
                return x.InnerProduct("a", 4).EuclideanLoss(x.InnerProduct("b", 4), weight: 0.7f);
            });
            yield return new("euclidean loss of a plane and its own shift", 2, () =>
            {
                Node x = Data(3, 4, 5).Convolution("below", 17, 3, pad: 1);
                return x.EuclideanLoss(x.Convolution("b", 17, 1));
            });
            foreach (bool ofSquares in (bool[])[false, true])
            {
                yield return Labelled($"contrastive loss of two branches{(ofSquares ? ", of squares" : "")}", 7, 2, () =>
                {
                    // A bias that both add cancels out, and its gradient with it.
                    Node x = Data(5), a = x.InnerProduct("a", 4, bias: false);
                    return new Node("loss", new ContrastiveLoss(ofSquares ? 4 : 2, Weight: 0.7f) { OfSquares = ofSquares }, a, x.Relu().InnerProduct("b", 4, bias: false, sharedWith: a), Node.Input("label", 1));
                });
            }
        }
    }

    // Boxes of 1 to 40 pixels, some of them beyond the picture; one in six is none, one in six ends before it begins.
    public static double[] Boxes(Random random, int batch, int regions)
    {
        var values = new double[5 * batch * regions];
        for (int r = 0; r < batch * regions; r++)
        {
            double left = random.Next(-12, 44), top = random.Next(-12, 36);
            int kind = random.Next(6);
            double[] box = [kind == 0 ? -1 : random.Next(batch), left, top, left + (kind == 1 ? -7 : random.Next(40)), top + (kind == 1 ? -3 : random.Next(40))];
            box.CopyTo(values, 5 * r);
        }
        return values;
    }

    private static LayerCase WithBoxes(string name, int batch, int regions, Func<Node, Node> output) => new(name, batch, () => output(Node.RegionInput("regions", regions, 5)))
    {
        Data = (node, random) => node.Name == "regions" ? Boxes(random, batch, regions)
            : node.Name == "label" ? [.. Enumerable.Range(0, batch * node.Multiplicity).Select(_ => (double)random.Next(-1, 4))] : null,
    };

    private static IEnumerable<LayerCase> Regions
    {
        get
        {
            yield return WithBoxes("roi pooling of data", 2, 5, boxes => Data(3, 9, 11).RoiPool("pool", boxes, 3, 2, 0.25f));
            yield return WithBoxes("roi pooling 6×6 between affine layers, 18 channels", 2, 4, boxes =>
                Data(3, 9, 11).Convolution("below", 18, 3, pad: 1).RoiPool("pool", boxes, 6, 6, 0.25f).InnerProduct("above", 5));
            yield return WithBoxes("roi pooling between convolutions, 32 channels", 3, 3, boxes =>
                Data(3, 8, 10).Convolution("below", 32, 3, pad: 1).Relu().RoiPool("pool", boxes, 4, 5, 1 / 3f).Convolution("above", 7, 3, pad: 1).Relu());
            yield return WithBoxes("roi pooling as second reader", 2, 3, boxes =>
            {
                Node below = Data(3, 7, 9).Convolution("below", 16, 1);
                return Node.Sum("join", below.RoiPool("a", boxes, 2, 2, 0.25f), below.RoiPool("b", boxes, 2, 2, 0.125f));
            });
            yield return WithBoxes("region's net with two losses", 2, 6, boxes =>
            {
                Node head = Data(3, 13, 17).Convolution("conv1", 16, 3, stride: 2, pad: 1).Relu().RoiPool("pool", boxes, 3, 3, 0.5f).InnerProduct("fc", 12).Relu().Dropout(0.3f);
                Node Weights(string name) => Node.RegionInput(name, 6, 16);
                Node scores = head.InnerProduct("scores", 4).SoftmaxLoss(Node.RegionInput("label", 6, 1), "class", ignoreLabel: -1);
                return Node.Sum("both", scores, head.InnerProduct("boxes", 16).SmoothL1Loss(Weights("targets"), Weights("inside"), Weights("outside"), "box"));
            });
            yield return new("smooth l1 loss", 3, () => Data(7).InnerProduct("f", 9).SmoothL1Loss(Node.Input("targets", 9)));
            yield return new("smooth l1 loss of weight 0.3, sigma 3, with weights, on a plane", 2, () => Data(3, 4, 3).Convolution("f", 5, 1)
                .SmoothL1Loss(Node.Input("targets", 5, 4, 3), Node.Input("inside", 5, 4, 3), Node.Input("outside", 5, 4, 3), weight: 0.3f, sigma: 3));
        }
    }

    private static IEnumerable<LayerCase> Pooled
    {
        get
        {
            // A last window that hangs over, one that the padding's rule drops, gaps between windows, sides that differ.
            (string Name, Extent Size, Extent Kernel, Extent Stride, Extent Pad)[] sizes =
            [
                ("3×3 stride 2", new(8, 7), 3, 2, 0), ("3×3 stride 2, rounded up", new(6, 9), 3, 2, 0), ("3×3 stride 1 pad 1", new(5, 6), 3, 1, 1),
                ("3×3 stride 2 pad 1", new(8, 7), 3, 2, 1), ("2×2 stride 2", new(5, 6), 2, 2, 0), ("2×2 stride 2 pad 1, last window dropped", 3, 2, 2, 1),
                ("2×2 stride 3 pad 1, gaps", new(7, 5), 2, 3, 1), ("5×5 stride 3", new(14, 11), 5, 3, 0), ("2×4 stride 2×3 pad 1×2", new(7, 9), new(2, 4), new(2, 3), new(1, 2)),
                ("3×5 stride 1×2 pad 0×2", new(5, 9), new(3, 5), new(1, 2), new(0, 2)), ("1×1 stride 2", new(5, 4), 1, 2, 0), ("whole plane", new(4, 5), new(4, 5), 1, 0),
            ];
            foreach ((string name, Extent size, Extent kernel, Extent stride, Extent pad) in sizes)
            {
                Node Below() => Data(3, size.Height, size.Width).Convolution("below", 18, 1);
                yield return new($"max pooling {name}", 2, () => Below().MaxPool("pool", kernel, stride, pad).Convolution("above", 5, 1));
                yield return new($"average pooling {name}", 2, () => Below().AveragePool("pool", kernel, stride, pad).Convolution("above", 5, 1));
            }
            yield return new("max pooling rounded down", 2, () => new Node("pool", new Pooling(PoolKind.Max, 3) { Stride = 2, Floor = true }, Data(3, 8, 6)));
            yield return new("average pooling rounded down", 2, () => new Node("pool", new Pooling(PoolKind.Average, 3) { Stride = 2, Pad = 1, Floor = true }, Data(3, 8, 6)));
            yield return new("max pooling as second reader", 2, () => Beside(Data(3, 5, 4), x => x.MaxPool("pool", 3, stride: 1, pad: 1)));
            yield return new("average pooling as second reader", 2, () => Beside(Data(3, 5, 4), x => x.AveragePool("pool", 3, stride: 1, pad: 1)));
            yield return new("pooling after pooling, 33 channels", 3, () => Data(33, 9, 9).MaxPool("a", 3, stride: 2).AveragePool("b", 2, stride: 1).GlobalAveragePool("c"));
            yield return new("global average pooling, then an inner product", 3, () => Data(3, 4, 5).Convolution("below", 20, 3, pad: 1).Relu().GlobalAveragePool("pool").InnerProduct("f", 4));
        }
    }

    private static IEnumerable<LayerCase> Normalised
    {
        get
        {
            yield return new("lrn 5 over 7 channels, strong", 2, () => Data(7, 3, 4).Lrn("norm", alpha: 0.8f));
            yield return new("lrn 5 between convolutions", 2, () => Between(Data(3, 6, 5), x => x.Lrn("norm", alpha: 0.3f)));
            yield return new("lrn 3 with k 2 and another exponent", 2, () => Between(Data(3, 5, 5), x => x.Lrn("norm", size: 3, alpha: 0.5f, beta: 0.6f, k: 2)));
            yield return new("lrn 1", 2, () => Data(4, 2, 3).Lrn("norm", size: 1, alpha: 0.7f));
            yield return new("lrn wider than the channels", 2, () => Data(3, 3, 2).Lrn("norm", size: 9, alpha: 2));
            yield return new("lrn over 35 channels", 2, () => Data(35, 3, 5).Lrn("norm", alpha: 0.5f));
            yield return new("lrn as second reader", 2, () => Beside(Data(3, 4, 3), x => x.Lrn("norm", alpha: 0.5f)));
            yield return new("lrn after a fused rectifier and a pooling", 2, () => Data(3, 9, 9).Convolution("below", 20, 3).Relu()
                .MaxPool("pool", 3, stride: 2).Lrn("norm", alpha: 0.5f).Convolution("above", 4, 3, pad: 1));
            yield return new("lrn within a channel, 3", 2, () => Data(3, 5, 6).LrnWithin("norm", size: 3));
            yield return new("lrn within a channel, 5 between convolutions", 2, () => Between(Data(3, 6, 4), x => x.LrnWithin("norm", size: 5, alpha: 2, beta: 0.5f)));
            yield return new("lrn within a channel wider than the plane", 2, () => Data(2, 2, 3).LrnWithin("norm", size: 7, alpha: 5));
            yield return new("lrn within a channel as second reader", 2, () => Beside(Data(3, 4, 3), x => x.LrnWithin("norm", size: 3)));
            foreach (Phase phase in Enum.GetValues<Phase>())
            {
                string when = phase == Phase.Train ? "training" : "testing";
                LayerCase Case(string name, int batch, Func<Node> output) => new($"{name}, {when}", batch, output) { Phase = phase };
                yield return Case("batch norm", 3, () => Data(5, 3, 4).BatchNorm("bn", epsilon: 0.01f));
                // A bias below has no gradient in training: the batch's mean takes it out again.
                bool bias = phase == Phase.Test;
                yield return Case("batch norm and scale between convolutions", 2, () => Data(3, 6, 5).Convolution("below", 18, 3, pad: 1, bias: bias)
                    .BatchNorm("bn").Scale("scale").Relu().Convolution("above", 5, 3));
                yield return Case("batch norm over 35 channels", 2, () => Data(35, 3, 5).BatchNorm("bn").Scale("scale", bias: false));
                yield return Case("batch norm after an inner product", 5, () => Data(6).InnerProduct("f", 19, bias).BatchNorm("bn").Scale("scale").Relu().InnerProduct("g", 3));
                yield return Case("batch norm as second reader", 2, () => Beside(Data(3, 4, 3), x => x.BatchNorm("bn")));
                yield return Case("scale of two readers", 2, () => Beside(Data(3, 4, 3), x => x.Scale("scale")));
            }
            yield return new("dropout in training", 3, () => Between(Data(3, 5, 3), x => x.Dropout(0.4f)));
            yield return new("dropout in testing", 3, () => Between(Data(3, 5, 3), x => x.Dropout(0.4f))) { Phase = Phase.Test };
            yield return new("dropout that keeps all", 2, () => Data(5, 2, 2).Dropout(0));
            yield return new("dropout of 37 values", 5, () => Data(37).InnerProduct("a", 37).Relu().Dropout(0.7f).InnerProduct("b", 3));
            yield return new("dropout as second reader", 2, () => Beside(Data(3, 4, 3), x => x.Dropout()));
            yield return new("dropout twice with masks of their own", 3, () => Data(20).InnerProduct("a", 20).Dropout().InnerProduct("b", 20).Dropout().InnerProduct("c", 20));
            yield return new("softmax on a plane", 2, () => Between(Data(3, 4, 3), x => x.Softmax("prob")));
            yield return new("softmax over 19 classes", 3, () => Data(6).InnerProduct("f", 19).Softmax("prob"));
            yield return new("softmax as second reader", 2, () => Beside(Data(3, 4, 3), x => x.Softmax("prob")));
        }
    }

    private static IEnumerable<LayerCase> Combined
    {
        get
        {
            static Node[] Three(Node x) => [x.Convolution("a", 19, 1), x.Convolution("b", 19, 3, pad: 1).Relu(), x.Convolution("c", 19, 1)];
            yield return new("sum of three", 2, () => Node.Sum("y", Three(Data(3, 4, 5))).Convolution("above", 4, 3));
            yield return new("weighted sum", 2, () => Node.WeightedSum("y", [0.5f, -2, 1.25f], Three(Data(3, 4, 5))).Convolution("above", 4, 3));
            yield return new("product of three", 2, () => Node.Product("y", Three(Data(3, 4, 5))).Convolution("above", 4, 3));
            yield return new("maximum of three", 2, () => Node.Max("y", Three(Data(3, 4, 5))).Convolution("above", 4, 3));
            yield return new("sum of a value with itself", 2, () => Between(Data(3, 4, 3), x => Node.WeightedSum("y", [0.5f, 0.75f], x, x)));
            yield return new("product of a value with itself", 2, () => Between(Data(3, 4, 3), x => Node.Product("y", x, x)));
            yield return new("product with zeros", 2, () => Between(Data(3, 4, 3), x => Node.Product("y", x.Dropout(), x)));
            yield return new("concat of 5, 16, 18 and 1 channels", 2, () =>
            {
                Node x = Data(3, 4, 5);
                return Node.Concat("y", x.Convolution("a", 5, 1), x.Convolution("b", 16, 3, pad: 1).Relu(), x.Convolution("c", 18, 1), x.Convolution("d", 1, 1))
                    .Convolution("above", 4, 3);
            });
            yield return new("concat of blocks of 16", 2, () =>
            {
                Node x = Data(16, 4, 5);
                return Node.Concat("y", x.Convolution("a", 16, 1), x.Convolution("b", 32, 3, pad: 1).Relu(), x).Convolution("above", 16, 3);
            });
            yield return new("concat of one value twice", 2, () => Between(Data(3, 4, 3), x => Node.Concat("y", x, x)));
            yield return new("concat of one part", 2, () => Between(Data(3, 4, 3), x => Node.Concat("y", x)));
            yield return new("concat of inner products", 3, () =>
            {
                Node x = Data(11);
                return Node.Concat("y", x.InnerProduct("a", 7).Relu(), x.InnerProduct("b", 9)).InnerProduct("above", 4);
            });
        }
    }

    private static IEnumerable<LayerCase> Losses
    {
        get
        {
            static Node Scores(int classes) => Data(6).InnerProduct("scores", classes);
            static Node Map(int classes) => Data(3, 3, 2).Convolution("scores", classes, 1);
            static Node Label(int count, int height = 1, int width = 1) => Node.Input("label", count, height, width);
            yield return Labelled("softmax loss", 4, 5, () => Scores(5).SoftmaxLoss(Label(1)));
            yield return Labelled("softmax loss of weight 0.3 over 37 classes", 3, 37, () => Scores(37).SoftmaxLoss(Label(1), weight: 0.3f));
            foreach (LossNormalization by in Enum.GetValues<LossNormalization>())
            {
                yield return Labelled($"softmax loss on a plane, ignored labels, {by}", 3, 4, () => Map(4).SoftmaxLoss(Label(1, 3, 2), ignoreLabel: 255, normalization: by), ignore: 255);
                yield return Labelled($"sigmoid cross-entropy, ignored labels, {by}", 3, 2, () => Scores(7).SigmoidCrossEntropy(Label(7), ignoreLabel: -1, normalization: by), ignore: -1);
            }
            yield return Labelled("softmax loss with every label ignored", 2, 1, () => Scores(3).SoftmaxLoss(Label(1), ignoreLabel: 0));
            yield return Labelled("softmax loss, ignored label among the classes", 4, 4, () => Scores(4).SoftmaxLoss(Label(1), ignoreLabel: 2));
            yield return Labelled("sigmoid cross-entropy of weight 2.5", 3, 2, () => Scores(6).SigmoidCrossEntropy(Label(6), weight: 2.5f));
            yield return Labelled("sigmoid cross-entropy with zero ignored", 3, 2, () => Scores(6).SigmoidCrossEntropy(Label(6), ignoreLabel: 0));
            yield return Labelled("sigmoid cross-entropy on a plane", 2, 2, () => Map(4).SigmoidCrossEntropy(Label(4, 3, 2)));
            yield return Labelled("two losses on one value", 3, 2, () =>
            {
                Node scores = Scores(5), label = Label(5);
                return [scores.SigmoidCrossEntropy(label, "a", weight: 0.5f), scores.SigmoidCrossEntropy(label, "b", ignoreLabel: 0)];
            });
            yield return Labelled("two losses on a shared pair of inner products", 3, 4, () =>
            {
                Node label = Label(1), h = Data(6).InnerProduct("h", 6), r = h.Relu();
                return
                [
                    r.InnerProduct("o1", 4).SoftmaxLoss(label, "loss1", weight: 0.3f),
                    r.InnerProduct("h2", 6, sharedWith: h).InnerProduct("o2", 4).SoftmaxLoss(label, "loss2"),
                ];
            });
        }
    }

    private static IEnumerable<LayerCase> Nets
    {
        get
        {
            yield return new("several outputs, one within the other", 2, () =>
            {
                Node a = Data(3, 6, 5).Convolution("a", 17, 3, pad: 1), b = a.Relu().MaxPool("pool", 2, stride: 2);
                return [b.InnerProduct("f", 4), b, a];
            });
            yield return new("an output that another reads through a rectifier", 2, () =>
            {
                Node a = Data(3, 4, 4).Convolution("a", 16, 3, pad: 1).Relu();
                return [a, a.Convolution("b", 5, 3).Relu()];
            });
            foreach (Phase phase in Enum.GetValues<Phase>())
                yield return Labelled($"small inception net with two losses, {(phase == Phase.Train ? "training" : "testing")}", 2, 5, () => Inception(classes: 5), phase: phase);
            yield return Labelled("small net as CaffeNet", 2, 4, () => Data(3, 15, 17)
                .Convolution("conv1", 20, 5, stride: 2).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1", alpha: 0.1f)
                .Convolution("conv2", 16, 3, pad: 1, groups: 2).Relu().MaxPool("pool2", 3, stride: 2)
                .InnerProduct("fc3", 18).Relu().Dropout().InnerProduct("fc4", 4).SoftmaxLoss(Node.Input("label", 1)));
        }
    }

    /// <summary>All that GoogLeNet is made of, small: two losses, four-way blocks, both poolings, normalisation, dropout. Main loss first.</summary>
    public static IReadOnlyList<Node> Inception(int classes)
    {
        Node label = Node.Input("label", 1);
        Node x = Data(3, 13, 15).Convolution("conv1", 16, 3, stride: 2, pad: 1).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1", alpha: 0.1f);
        x = Block("a", x, 6, 4, 8, 3, 5, 3);
        Node auxiliary = x.AveragePool("aux/pool", 3, stride: 2).Convolution("aux/conv", 6, 1).Relu().InnerProduct("aux/fc", 9).Relu().Dropout(0.7f)
            .InnerProduct("aux/scores", classes).SoftmaxLoss(label, "aux/loss", weight: 0.3f);
        x = Block("b", x, 16, 4, 16, 3, 16, 16);
        return [x.GlobalAveragePool("pool2").Dropout(0.4f).InnerProduct("scores", classes).SoftmaxLoss(label), auxiliary];
    }

    private static Node Block(string name, Node x, int c1, int r3, int c3, int r5, int c5, int pool) => Node.Concat(
        $"{name}/output",
        x.Convolution($"{name}/1x1", c1, 1).Relu(),
        x.Convolution($"{name}/3x3_reduce", r3, 1).Relu().Convolution($"{name}/3x3", c3, 3, pad: 1).Relu(),
        x.Convolution($"{name}/5x5_reduce", r5, 1).Relu().Convolution($"{name}/5x5", c5, 5, pad: 2).Relu(),
        x.MaxPool($"{name}/pool", 3, stride: 1, pad: 1).Convolution($"{name}/pool_proj", pool, 1).Relu());
}
