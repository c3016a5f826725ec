namespace EvenNet.Framework;

/// <summary>What the units of one group of a convolution or an inner product see: patches count samples, then positions of the output.</summary>
/// <param name="Input">What the layer reads.</param>
/// <param name="Node">The layer.</param>
/// <param name="Group">The group.</param>
public readonly record struct PatchGroup(Tensor Input, Node Node, int Group);
