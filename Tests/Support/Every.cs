using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>What the ladder of trust runs over: odd sizes, groups, padding that matters, a batch over one, values with two readers.</summary>
public static class Every
{
    private static Node Data(int channels, int height = 1, int width = 1) => Node.Input("data", channels, height, width);

    // A learned layer below, so that input gradients have somewhere to go, and one above, so that borders are asked for.
    private static Node Between(Node x, Func<Node, Node> layer) =>
        layer(x.Convolution("below", 18, 3, pad: 1)).Convolution("above", 5, new Extent(Math.Min(3, x.Shape.Height), 1));

    public static IEnumerable<LayerCase> LayerCase
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
}
