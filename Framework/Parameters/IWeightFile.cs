namespace EvenNet.Framework;

/// <summary>An open file of named tensors. What it holds has been checked; values are read on request, straight into the caller's memory.</summary>
public interface IWeightFile : IDisposable
{
    /// <summary>Where it lies, for messages.</summary>
    string Path { get; }

    /// <summary>The tensors in the file's order.</summary>
    IReadOnlyList<WeightTensor> Tensors { get; }

    /// <summary>What the file says of itself; may be empty.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The types that are read, for messages: «F32 and F64».</summary>
    string ReadableTypes { get; }

    /// <summary>The tensor of that name, or null.</summary>
    WeightTensor? Find(string name);

    /// <summary>Whether values of the tensor's type are read.</summary>
    bool CanRead(WeightTensor tensor);

    /// <summary>Reads the elements of a tensor from index <paramref name="first"/> on in C order, as many as <paramref name="destination"/> holds.</summary>
    /// <exception cref="WeightsFormatException">No such tensor, not so many elements, a type that is not read, or a cut file.</exception>
    void Read(string name, long first, Span<float> destination);
}
