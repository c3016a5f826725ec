using System.Buffers.Binary;

namespace EvenNet.Interop;

/// <summary>How numbers lie in a MATLAB file («MAT-File Format», table 1-1).</summary>
internal enum MatStorage
{
    Int8 = 1,
    UInt8 = 2,
    Int16 = 3,
    UInt16 = 4,
    Int32 = 5,
    UInt32 = 6,
    Single = 7,
    Double = 9,
    Int64 = 12,
    UInt64 = 13,
    Matrix = 14,
    Compressed = 15,
    Utf8 = 16,
    Utf16 = 17,
    Utf32 = 18,
}

/// <summary>One data element of a file: its type and bytes, and where the next begins.</summary>
internal readonly record struct MatElement(MatStorage Storage, ReadOnlyMemory<byte> Data, int Next)
{
    private const int TagBytes = 8, SmallBytes = 4;

    /// <summary>Bytes of a number; 0 where the storage is not one of numbers.</summary>
    public static int Width(MatStorage storage) => storage switch
    {
        MatStorage.Int8 or MatStorage.UInt8 or MatStorage.Utf8 => 1,
        MatStorage.Int16 or MatStorage.UInt16 or MatStorage.Utf16 => 2,
        MatStorage.Int32 or MatStorage.UInt32 or MatStorage.Single or MatStorage.Utf32 => 4,
        MatStorage.Double or MatStorage.Int64 or MatStorage.UInt64 => 8,
        _ => 0,
    };

    /// <summary>Reads the element at a place. One of up to four bytes may lie inside its tag; all others begin on every eighth byte.</summary>
    /// <exception cref="FormatException">It does not fit into what there is; the message says why.</exception>
    public static MatElement Read(ReadOnlyMemory<byte> bytes, int at, bool isBig)
    {
        if (bytes.Length - at < TagBytes) throw new FormatException($"an element's tag takes {TagBytes} bytes, {Math.Max(0, bytes.Length - at)} are left");
        uint word = Word(bytes.Span[at..], isBig);
        if (word >> 16 is var small && small > 0)
        {
            if (small > SmallBytes) throw new FormatException($"an element inside its tag has {SmallBytes} bytes at most, this one {small}");
            return new((MatStorage)(word & 0xffff), bytes.Slice(at + 4, (int)small), at + TagBytes);
        }
        uint length = Word(bytes.Span[(at + 4)..], isBig);
        long end = at + TagBytes + (long)length;
        if (end > bytes.Length) throw new FormatException($"an element is said to have {length} bytes, {bytes.Length - at - TagBytes} are left");
        // The last one of a file may lack what fills it up.
        int next = (int)Math.Min(bytes.Length, (MatStorage)word == MatStorage.Compressed ? end : at + (end - at + 7) / 8 * 8);
        return new((MatStorage)word, bytes.Slice(at + TagBytes, (int)length), next);
    }

    public static uint Word(ReadOnlySpan<byte> bytes, bool isBig) => isBig ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
