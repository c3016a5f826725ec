using System.Numerics;
using System.Runtime.InteropServices;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>A convolution: the backend squares and adds each image's weight gradient where it can; the host does elsewhere.</summary>
internal sealed class ConvolutionSquares(Node node, Backend backend, bool perImage) : LayerSquares(node, backend, perImage)
{
    private readonly Convolution layer = (Convolution)node.Layer;
    private readonly int fanIn = node.ParameterSpecs[0].FanIn;
    private readonly float[] squares = new float[node.ParameterSpecs[0].Count];

    private int Taps => layer.Kernel.Height * layer.Kernel.Width;

    protected override void Add(Tensor input, Tensor gradient)
    {
        if (PerImage)
        {
            if (!Backend.AddWeightGradients(layer, input, gradient, 0, input.Batch, squares: true, squares)) AddOnHost(input, gradient);
            return;
        }
        float[] sum = new float[squares.Length];
        if (Backend.AddWeightGradients(layer, input, gradient, 0, input.Batch, squares: false, sum)) AddSquares(sum, squares);
        else AddOnHost(input, gradient);
    }

    // One matrix product an image and group, on unrolled patches.
    private void AddOnHost(Tensor input, Tensor gradient)
    {
        var patches = new Patches(Backend, input, Node);
        int rows = Node.Shape.Channels / layer.Groups, plane = Node.Shape.Plane;
        bool pointwise = Taps == 1 && layer is { Stride: { Height: 1, Width: 1 }, Pad: { Height: 0, Width: 0 } };
        float[] x = new float[input.Shape.Count], dy = new float[Node.Shape.Count];
        float[] unrolled = pointwise ? [] : new float[plane * fanIn], gradients = new float[squares.Length];
        for (int n = 0; n < input.Batch; n++)
        {
            input.Read(n, x);
            gradient.Read(n, dy);
            bool add = !PerImage && n > 0;
            for (int g = 0; g < layer.Groups; g++)
            {
                Span<float> product = gradients.AsSpan(g * rows * fanIn, rows * fanIn);
                ReadOnlySpan<float> errors = dy.AsSpan(g * rows * plane, rows * plane);
                if (pointwise)
                {
                    Backend.Gemm(false, true, rows, fanIn, plane, errors, x.AsSpan(g * fanIn * plane, fanIn * plane), product, add);
                }
                else
                {
                    patches.Unroll(x, g, 0, plane, unrolled);
                    Backend.Gemm(false, false, rows, fanIn, plane, errors, unrolled, product, add);
                }
            }
            if (PerImage || n == input.Batch - 1) AddSquares(gradients, squares);
        }
    }

    // Column j is input channel j of the group, all outputs and taps, the groups mixed, as the paper's program does.
    protected override double[] ColumnMeans()
    {
        var columns = new double[fanIn / Taps];
        for (int i = 0; i < squares.Length; i++) columns[i % fanIn / Taps] += squares[i];
        for (int j = 0; j < columns.Length; j++) columns[j] /= (double)squares.Length / columns.Length;
        return columns;
    }

    protected override Spread ElementRoots()
    {
        var spread = new Spread();
        foreach (float square in squares) spread.Add(Math.Sqrt(square));
        return spread;
    }

    private static void AddSquares(ReadOnlySpan<float> values, Span<float> sums)
    {
        ReadOnlySpan<Vector<float>> from = MemoryMarshal.Cast<float, Vector<float>>(values);
        Span<Vector<float>> to = MemoryMarshal.Cast<float, Vector<float>>(sums);
        for (int i = 0; i < from.Length; i++) to[i] += from[i] * from[i];
        for (int i = from.Length * Vector<float>.Count; i < values.Length; i++) sums[i] += values[i] * values[i];
    }
}
