namespace EvenNet.Framework;

/// <summary>Maxout (Goodfellow et al. 2013): the largest of several affine pieces, which are layers of their own, «conv1/1», «conv1/2».</summary>
public static class MaxoutNotation
{
    extension(Node x)
    {
        /// <summary>The largest of some convolutions of one kind; stride and dilation default to 1, padding to 0.</summary>
        public Node MaxoutConvolution(
            string name, int outputs, int pieces, Extent kernel, Extent? stride = null, Extent? pad = null, float decay = 1, float biasRate = 2) =>
            Largest(name, pieces, piece => x.Convolution(piece, outputs, kernel, stride, pad, decay: decay, biasRate: biasRate));

        /// <summary>The largest of some inner products.</summary>
        public Node MaxoutInnerProduct(string name, int outputs, int pieces, float decay = 1, float biasRate = 2) =>
            Largest(name, pieces, piece => x.InnerProduct(piece, outputs, decay: decay, biasRate: biasRate));
    }

    private static Node Largest(string name, int pieces, Func<string, Node> piece) => Node.Max(name, [.. Enumerable.Range(1, pieces).Select(i => piece($"{name}/{i}"))]);
}
