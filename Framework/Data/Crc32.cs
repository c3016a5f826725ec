using System.Buffers.Binary;

namespace EvenNet.Framework;

/// <summary>The cyclic redundancy check of PNG and gzip (ISO 3309): polynomial 0xEDB88320, reflected, inverted before and after.</summary>
internal static class Crc32
{
    // Table t is the check of a byte followed by t zero bytes, so that eight bytes take one step.
    private static readonly uint[] Tables = MakeTables();

    /// <summary>The check of <paramref name="bytes"/>, continuing from <paramref name="crc"/> of what came before.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint crc = 0)
    {
        uint[] tables = Tables;
        crc = ~crc;
        while (bytes.Length >= 8)
        {
            uint low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes), high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = tables[7 * 256 + (int)(low & 255)] ^ tables[6 * 256 + (int)(low >> 8 & 255)] ^ tables[5 * 256 + (int)(low >> 16 & 255)] ^ tables[4 * 256 + (int)(low >> 24)]
                ^ tables[3 * 256 + (int)(high & 255)] ^ tables[2 * 256 + (int)(high >> 8 & 255)] ^ tables[256 + (int)(high >> 16 & 255)] ^ tables[(int)(high >> 24)];
            bytes = bytes[8..];
        }
        foreach (byte value in bytes) crc = tables[(byte)crc ^ value] ^ crc >> 8;
        return ~crc;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++) value = (value & 1) == 0 ? value >> 1 : value >> 1 ^ 0xEDB88320;
            tables[i] = value;
        }
        for (int i = 256; i < tables.Length; i++) tables[i] = tables[i - 256] >> 8 ^ tables[(byte)tables[i - 256]];
        return tables;
    }
}
