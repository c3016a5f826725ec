using EvenNet.Framework;

namespace EvenNet.Interop;

// A value of a Caffe net: our node, and how many axes Caffe's blob has, the batch among them.
internal readonly record struct CaffeBlob(Node Node, int Axes)
{
    /// <summary>The axis from the front that a number from either end means.</summary>
    public int Axis(int axis) => axis < 0 ? axis + Axes : axis;

    /// <summary>The sizes of one sample, without the batch.</summary>
    public IReadOnlyList<int> Sizes => ((int[])[Node.Shape.Channels, Node.Shape.Height, Node.Shape.Width])[..Math.Max(0, Math.Min(3, Axes - 1))];
}
