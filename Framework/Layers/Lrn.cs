namespace EvenNet.Framework;

/// <summary>
/// Local response normalisation across channels (Krizhevsky et al. 2012, §3.3, with Caffe's division of α by the size):
/// y[c] = x[c] · t[c]^−β with t[c] = k + α/size · Σ x[j]² over the size channels around c.
/// </summary>
public sealed record Lrn(int Size = 5, float Alpha = 1e-4f, float Beta = 0.75f, float K = 1) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Size > 0 && Size % 2 == 1 ? One(inputs) : throw Invalid($"size must be odd, got {Size}");
}

/// <summary>The fluent face of <see cref="Framework.Lrn"/>.</summary>
public static class LrnNotation
{
    extension(Node x)
    {
        /// <summary>Local response normalisation across channels.</summary>
        public Node Lrn(string name, int size = 5, float alpha = 1e-4f, float beta = 0.75f, float k = 1) => new(name, new Lrn(size, alpha, beta, k), x);
    }
}
