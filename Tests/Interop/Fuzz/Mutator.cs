using System.Buffers.Binary;

namespace EvenNet.Tests;

/// <summary>Damages files: bits, bytes, numbers, pieces cut, doubled, moved or taken from another file.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly long[] Odd = [0, 1, 2, 3, 7, 16, 127, 128, 255, 256, 32767, 32768, 65535, 65536, int.MaxValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue, -1, -2, int.MinValue, long.MinValue];

    private static readonly string[] Words = ["0", "-1", "1e400", "NaN", "4294967296", "9223372036854775807", "99999999999999999999", "null", "\"", "{", "[", "]", "}", "<", ">", "&", "'", "\0"];

    public Random Random { get; } = new(seed);

    public T Of<T>(IReadOnlyList<T> from) => from[Random.Next(from.Count)];

    public long OddNumber() => Random.Next(3) == 0 ? Random.Next(100) : Of(Odd);

    /// <summary>A copy of a file with one to eight damages.</summary>
    public byte[] Damaged(byte[] file, byte[] other)
    {
        var bytes = new List<byte>(file);
        for (int count = 1 + Random.Next(Random.Next(2) == 0 ? 2 : 8); count > 0; count--) Damage(bytes, other);
        return [.. bytes];
    }

    /// <summary>Bytes without any order.</summary>
    public byte[] Noise(int most)
    {
        byte[] bytes = new byte[Random.Next(most)];
        Random.NextBytes(bytes);
        return bytes;
    }

    private void Damage(List<byte> bytes, byte[] other)
    {
        if (bytes.Count == 0)
        {
            bytes.AddRange(Noise(64));
            return;
        }
        int at = Random.Next(bytes.Count), length = Math.Min(bytes.Count - at, 1 + Random.Next(Random.Next(3) == 0 ? bytes.Count : 16));
        switch (Random.Next(10))
        {
            case 0: bytes[at] ^= (byte)(1 << Random.Next(8)); break;
            case 1: bytes[at] = (byte)Random.Next(256); break;
            case 2: bytes.RemoveRange(at, length); break;
            case 3: bytes.RemoveRange(at, bytes.Count - at); break;
            case 4: bytes.InsertRange(Random.Next(bytes.Count), bytes.GetRange(at, length)); break;
            case 5: bytes.InsertRange(at, Noise(16)); break;
            case 6: bytes.InsertRange(at, System.Text.Encoding.ASCII.GetBytes(Of(Words))); break;
            case 7: Number(bytes, at); break;
            case 8: Digits(bytes, at); break;
            default:
                int from = Random.Next(other.Length + 1), count = Math.Min(other.Length - from, 1 + Random.Next(200));
                bytes.RemoveRange(at, Math.Min(count, bytes.Count - at));
                bytes.InsertRange(at, other.Skip(from).Take(count));
                break;
        }
    }

    private void Number(List<byte> bytes, int at)
    {
        Span<byte> number = stackalloc byte[8];
        if (Random.Next(2) == 0) BinaryPrimitives.WriteInt64LittleEndian(number, OddNumber());
        else BinaryPrimitives.WriteInt64BigEndian(number, OddNumber());
        int width = 1 << Random.Next(4);
        for (int i = 0; i < width && at + i < bytes.Count; i++) bytes[at + i] = number[i];
    }

    // The next number that is written in digits becomes another.
    private void Digits(List<byte> bytes, int at)
    {
        int start = bytes.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0) return;
        int end = start;
        while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9') end++;
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, System.Text.Encoding.ASCII.GetBytes(Random.Next(3) == 0 ? Of(Words) : $"{OddNumber()}"));
    }
}
