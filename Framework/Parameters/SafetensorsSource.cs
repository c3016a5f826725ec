namespace EvenNet.Framework;

/// <summary>
/// One tensor to be written as float32. <paramref name="Fill"/> is called with growing element offsets and a buffer
/// to be filled from there, so that a tensor never has to lie in memory in the file's order as a whole.
/// </summary>
/// <param name="Name">Unique in the file, for example <c>conv1.weight</c>.</param>
/// <param name="Shape">Sizes from the slowest to the fastest; empty for a scalar.</param>
/// <param name="Fill">Given the index of the first element, fills the buffer.</param>
public sealed record SafetensorsSource(string Name, IReadOnlyList<long> Shape, SafetensorsFill Fill)
{
    /// <summary>A tensor that lies in memory in the file's order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes.</exception>
    public static SafetensorsSource Of(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values)
    {
        var source = new SafetensorsSource(name, shape, (first, buffer) => values.Span.Slice(checked((int)first), buffer.Length).CopyTo(buffer));
        if (source.Count != values.Length) throw new ArgumentException($"{name}: [{string.Join(", ", shape)}] is {source.Count} elements, got {values.Length}");
        return source;
    }

    /// <summary>Elements: the product of the sizes.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (long size in Shape)
            {
                if (size < 0) throw new ArgumentException($"{Name}: negative size {size}");
                count = checked(count * size);
            }
            return count;
        }
    }
}

/// <summary>Fills <paramref name="buffer"/> with a tensor's elements from index <paramref name="first"/> on.</summary>
public delegate void SafetensorsFill(long first, Span<float> buffer);
