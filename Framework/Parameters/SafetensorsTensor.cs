namespace EvenNet.Framework;

/// <summary>One tensor of a safetensors file: what its header says.</summary>
/// <param name="Name">As in the header, for example <c>conv1.weight</c>.</param>
/// <param name="DataType">The format's own word: <c>F32</c>, <c>F64</c>, <c>BF16</c>, …</param>
/// <param name="Shape">Sizes from the slowest to the fastest; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">The byte after the last.</param>
public sealed record SafetensorsTensor(string Name, string DataType, IReadOnlyList<long> Shape, long Begin, long End) : WeightTensor(Name, DataType, Shape)
{
    /// <inheritdoc/>
    public override long Count => (End - Begin) / ElementBytes(DataType);

    // Bytes an element, by the format's list of types; 0 for a type that it does not have.
    internal static int ElementBytes(string dataType) => dataType switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" or "F8_E5M2" or "F8_E4M3" => 1,
        _ => 0,
    };

    /// <summary>«conv1.weight F32 [96, 3, 11, 11]».</summary>
    public override string ToString() => $"{Name} {DataType} [{string.Join(", ", Shape)}]";
}
