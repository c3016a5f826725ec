using System.Buffers.Binary;

namespace EvenNet.Interop;

/// <summary>An array of a MATLAB file. The first index runs fastest, as MATLAB stores all arrays.</summary>
/// <param name="Name">Empty inside a cell array.</param>
/// <param name="Dimensions">Sizes, two or more.</param>
public abstract record MatArray(string Name, IReadOnlyList<int> Dimensions)
{
    /// <summary>Elements.</summary>
    public long Count => Dimensions.Aggregate(1L, (a, b) => a * b);

    /// <summary>«2000×4».</summary>
    protected string Sizes => string.Join('×', Dimensions);
}

/// <summary>Numbers of any of MATLAB's real types; read from the file's bytes one by one when asked for.</summary>
public sealed record MatNumbers : MatArray
{
    private readonly ReadOnlyMemory<byte> data;
    private readonly MatStorage storage;
    private readonly bool isBig;

    internal MatNumbers(string name, IReadOnlyList<int> dimensions, ReadOnlyMemory<byte> data, MatStorage storage, bool isBig) : base(name, dimensions) =>
        (this.data, this.storage, this.isBig) = (data, storage, isBig);

    /// <summary>An element by its place, the first index fastest.</summary>
    public double this[long index]
    {
        get
        {
            int width = MatElement.Width(storage);
            ReadOnlySpan<byte> bytes = data.Span.Slice(checked((int)(index * width)), width);
            return storage switch
            {
                MatStorage.Int8 => (sbyte)bytes[0],
                MatStorage.UInt8 or MatStorage.Utf8 => bytes[0],
                MatStorage.Int16 => isBig ? BinaryPrimitives.ReadInt16BigEndian(bytes) : BinaryPrimitives.ReadInt16LittleEndian(bytes),
                MatStorage.UInt16 or MatStorage.Utf16 => isBig ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
                MatStorage.Int32 => isBig ? BinaryPrimitives.ReadInt32BigEndian(bytes) : BinaryPrimitives.ReadInt32LittleEndian(bytes),
                MatStorage.UInt32 or MatStorage.Utf32 => isBig ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                MatStorage.Single => isBig ? BinaryPrimitives.ReadSingleBigEndian(bytes) : BinaryPrimitives.ReadSingleLittleEndian(bytes),
                MatStorage.Double => isBig ? BinaryPrimitives.ReadDoubleBigEndian(bytes) : BinaryPrimitives.ReadDoubleLittleEndian(bytes),
                MatStorage.Int64 => isBig ? BinaryPrimitives.ReadInt64BigEndian(bytes) : BinaryPrimitives.ReadInt64LittleEndian(bytes),
                _ => isBig ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            };
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Sizes} numbers";
}

/// <summary>A text; of several rows, all of them one after the other.</summary>
/// <param name="Name">Empty inside a cell array.</param>
/// <param name="Dimensions">Sizes.</param>
/// <param name="Text">The characters.</param>
public sealed record MatText(string Name, IReadOnlyList<int> Dimensions, string Text) : MatArray(Name, Dimensions)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Sizes} characters";
}

/// <summary>An array of arrays.</summary>
/// <param name="Name">Empty inside another.</param>
/// <param name="Dimensions">Sizes.</param>
/// <param name="Cells">The first index fastest.</param>
public sealed record MatCells(string Name, IReadOnlyList<int> Dimensions, IReadOnlyList<MatArray> Cells) : MatArray(Name, Dimensions)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Sizes} cells";
}

/// <summary>An array of a class that is not read: a structure, an object, a sparse matrix, complex numbers.</summary>
/// <param name="Name">Empty inside a cell array.</param>
/// <param name="Dimensions">Sizes.</param>
/// <param name="Class">MATLAB's name for the class.</param>
public sealed record MatUnread(string Name, IReadOnlyList<int> Dimensions, string Class) : MatArray(Name, Dimensions)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Sizes} {Class}";
}
