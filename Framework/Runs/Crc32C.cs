using System.Buffers.Binary;
using System.Numerics;

namespace EvenNet.Framework;

/// <summary>The cyclic redundancy check of iSCSI (RFC 3720, appendix B.4), and its masked form in TensorFlow's record files.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~0u;
        for (; bytes.Length >= 8; bytes = bytes[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte value in bytes) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    // A check over data that hold checks of themselves is weak, so the stored one is turned and shifted.
    public static uint Masked(ReadOnlySpan<byte> bytes) => BitOperations.RotateRight(Of(bytes), 15) + 0xA282EAD8;
}
