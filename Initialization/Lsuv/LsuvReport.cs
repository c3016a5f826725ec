namespace EvenNet.Initialization;

/// <summary>What was done to one layer.</summary>
/// <param name="Layer">The affine node.</param>
/// <param name="VarianceBefore">Of the layer's output over samples, channels and positions, with the weights it started with.</param>
/// <param name="Variance">Afterwards.</param>
/// <param name="Updates">Rescalings of its weights.</param>
public sealed record LsuvLayer(string Layer, double VarianceBefore, double Variance, int Updates);

/// <summary>What <see cref="LsuvInit"/> did, layer by layer in graph order.</summary>
public sealed record LsuvReport(IReadOnlyList<LsuvLayer> Layers, IReadOnlyList<InitNote> Notes)
{
    /// <summary>All rescalings.</summary>
    public int Updates => Layers.Sum(l => l.Updates);
}
