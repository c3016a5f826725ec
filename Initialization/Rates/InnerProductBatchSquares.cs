using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>An inner product, its gradient summed over each batch before it is squared: yᵀx.</summary>
internal sealed class InnerProductBatchSquares(Node node, Backend backend) : LayerSquares(node, backend, perImage: false)
{
    private readonly int fanIn = node.ParameterSpecs[0].FanIn;
    private readonly float[] squares = new float[node.ParameterSpecs[0].Count], gradients = new float[node.ParameterSpecs[0].Count];

    protected override void Add(Tensor input, Tensor gradient)
    {
        Backend.Gemm(true, false, Node.Shape.Channels, fanIn, input.Batch, gradient.Read(), input.Read(), gradients);
        for (int i = 0; i < squares.Length; i++) squares[i] += gradients[i] * gradients[i];
    }

    protected override double[] ColumnMeans()
    {
        var columns = new double[fanIn];
        for (int i = 0; i < squares.Length; i++) columns[i % fanIn] += squares[i];
        for (int j = 0; j < fanIn; j++) columns[j] /= Node.Shape.Channels;
        return columns;
    }

    protected override Spread ElementRoots()
    {
        var spread = new Spread();
        foreach (float square in squares) spread.Add(Math.Sqrt(square));
        return spread;
    }
}
