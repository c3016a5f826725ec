using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace EvenNet.Tests;

/// <summary>Makes MATLAB files of level 5 byte by byte («MAT-File Format», section 1), in either byte order.</summary>
internal sealed class MatWriter(bool isBig = false)
{
    private readonly List<byte> file = [.. Encoding.ASCII.GetBytes("MATLAB 5.0 MAT-file, made by a test".PadRight(116)), .. new byte[8], .. (isBig ? "\u0001\0MI"u8 : "\0\u0001IM"u8)];

    public byte[] Bytes => [.. file];

    public MatWriter Add(byte[] matrix, bool isCompressed = false)
    {
        if (!isCompressed)
        {
            file.AddRange(matrix);
            return this;
        }
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(matrix);
        file.AddRange([.. Number(15), .. Number((int)packed.Length), .. packed.ToArray()]);
        return this;
    }

    /// <summary>Numbers in the order of the file, the first index fastest. Class 6 is double, 7 single, 9 uint8, 11 uint16; storage may be a narrower one.</summary>
    public byte[] Numbers(string name, int[] sizes, double[] values, int kind = 6, int storage = 9) =>
        Matrix(kind, name, sizes, Element(storage, [.. values.SelectMany(v => Value(v, storage))]));

    public byte[] Text(string name, string text, int storage = 16) =>
        Matrix(4, name, [1, text.Length], Element(storage, storage == 17 ? (isBig ? Encoding.BigEndianUnicode : Encoding.Unicode).GetBytes(text) : Encoding.UTF8.GetBytes(text)));

    public byte[] Cells(string name, int[] sizes, params byte[][] cells) => Matrix(1, name, sizes, [.. cells.SelectMany(c => c)]);

    public byte[] Matrix(int kind, string name, int[] sizes, byte[] content, int flags = 0) =>
        Element(14, [.. Element(6, [.. Number(flags << 8 | kind), .. Number(0)]), .. Element(5, [.. sizes.SelectMany(s => Number(s))]), .. Element(1, Encoding.UTF8.GetBytes(name)), .. content]);

    /// <summary>One of up to four bytes goes into its tag.</summary>
    public byte[] Element(int type, byte[] data)
    {
        if (data.Length is > 0 and <= 4 && type != 14) return [.. Number(data.Length << 16 | type), .. data, .. new byte[4 - data.Length]];
        return [.. Number(type), .. Number(data.Length), .. data, .. new byte[(8 - data.Length % 8) % 8]];
    }

    private byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        if (isBig) BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        else BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private byte[] Value(double value, int storage)
    {
        byte[] bytes = storage switch
        {
            1 => [(byte)(sbyte)value],
            2 => [(byte)value],
            3 => BitConverter.GetBytes((short)value),
            4 => BitConverter.GetBytes((ushort)value),
            5 => BitConverter.GetBytes((int)value),
            6 => BitConverter.GetBytes((uint)value),
            7 => BitConverter.GetBytes((float)value),
            12 => BitConverter.GetBytes((long)value),
            13 => BitConverter.GetBytes((ulong)value),
            _ => BitConverter.GetBytes(value),
        };
        if (isBig == BitConverter.IsLittleEndian) Array.Reverse(bytes);
        return bytes;
    }
}
