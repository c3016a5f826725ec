namespace EvenNet.Framework;

/// <summary>One tensor of a weight file: what the file says of it.</summary>
/// <param name="Name">As in the file, for example <c>conv1.weight</c>.</param>
/// <param name="DataType">The format's own word: <c>F32</c>, <c>&lt;f4</c>, …</param>
/// <param name="Shape">Sizes from the slowest to the fastest; empty for a scalar.</param>
public abstract record WeightTensor(string Name, string DataType, IReadOnlyList<long> Shape)
{
    /// <summary>Elements.</summary>
    public abstract long Count { get; }
}
