using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Selective search on picture files, its results kept in a folder: a picture is searched once for each settings, whatever it is called. A kept file that is
/// broken is made again.
/// </summary>
/// <param name="files">Opens the pictures.</param>
/// <param name="settings">How to search.</param>
/// <param name="folder">Where results are kept; made when the first one is written. Null keeps none.</param>
/// <param name="most">The first boxes of each picture count.</param>
public sealed class SearchedProposals(ImageFiles files, SelectiveSearchSettings settings, string? folder = null, int most = int.MaxValue) : IProposals
{
    // Magic number, count; then four numbers of 16 bits a box; then a checksum of all that.
    private const int HeaderBytes = 8, BoxBytes = 8, ChecksumBytes = 4;

    private readonly SelectiveSearch search = new(settings);

    private int searched, found;

    /// <inheritdoc/>
    public string Name => "selective search";

    /// <summary>Pictures that were searched, so far.</summary>
    public int Searched => searched;

    /// <summary>Pictures whose boxes were found in the folder, so far.</summary>
    public int Found => found;

    private static ReadOnlySpan<byte> Magic => "EVB1"u8;

    /// <inheritdoc/>
    /// <exception cref="ImageFormatException">The picture is broken.</exception>
    /// <exception cref="IOException">The picture could not be read, or a result not be kept.</exception>
    public IReadOnlyList<PixelBox> Of(string path) => Of(path, threads: 1);

    /// <summary>The boxes of a picture, on several threads.</summary>
    /// <exception cref="ImageFormatException">The picture is broken.</exception>
    /// <exception cref="IOException">The picture could not be read, or a result not be kept.</exception>
    public IReadOnlyList<PixelBox> Of(string path, int threads)
    {
        byte[] bytes = File.ReadAllBytes(path);
        string? place = folder is null ? null : Place(bytes);
        if (place is not null && Kept(place) is { } kept)
        {
            Interlocked.Increment(ref found);
            return First(kept);
        }
        Image image = files.Decode(bytes, path);
        IReadOnlyList<PixelBox> boxes = search.Run(image, threads);
        Interlocked.Increment(ref searched);
        if (place is not null && Math.Max(image.Width, image.Height) <= ushort.MaxValue) Keep(place, boxes);
        return First(boxes);
    }

    private IReadOnlyList<PixelBox> First(IReadOnlyList<PixelBox> boxes) => boxes.Count <= most ? boxes : [.. boxes.Take(most)];

    private string Place(byte[] bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(settings.Key));
        hash.AppendData([0]);
        hash.AppendData(bytes);
        string name = Convert.ToHexStringLower(hash.GetHashAndReset());
        return Path.Combine(folder!, name[..2], $"{name}.boxes");
    }

    private static void Keep(string place, IReadOnlyList<PixelBox> boxes)
    {
        byte[] bytes = new byte[HeaderBytes + BoxBytes * boxes.Count + ChecksumBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), boxes.Count);
        int at = HeaderBytes;
        foreach (PixelBox box in boxes)
            foreach (float side in (ReadOnlySpan<float>)[box.Left, box.Top, box.Right, box.Bottom])
            {
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)side);
                at += 2;
            }
        Checksum(bytes.AsSpan(0, at)).CopyTo(bytes.AsSpan(at));
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        AtomicFile.Write(place, stream => stream.Write(bytes), bytes.Length);
    }

    private static PixelBox[]? Kept(string place)
    {
        if (!File.Exists(place)) return null;
        byte[] bytes = File.ReadAllBytes(place);
        if (bytes.Length < HeaderBytes + ChecksumBytes || !bytes.AsSpan().StartsWith(Magic)) return null;
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)), end = bytes.Length - ChecksumBytes;
        if (end != HeaderBytes + (long)BoxBytes * count || !bytes.AsSpan(end).SequenceEqual(Checksum(bytes.AsSpan(0, end)))) return null;
        var boxes = new PixelBox[count];
        for (int i = 0, at = HeaderBytes; i < count; i++, at += BoxBytes)
            boxes[i] = new PixelBox(Side(at), Side(at + 2), Side(at + 4), Side(at + 6));
        return boxes;

        float Side(int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
    }

    private static ReadOnlySpan<byte> Checksum(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes).AsSpan(0, ChecksumBytes);
}
