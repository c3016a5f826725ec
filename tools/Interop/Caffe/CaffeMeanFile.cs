using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;
using Google.Protobuf;

namespace EvenNet.Interop;

/// <summary>A mean picture as Caffe keeps it, «.binaryproto»: one blob of channels × height × width, blue first for photographs.</summary>
public static class CaffeMeanFile
{
    /// <summary>Reads a mean picture.</summary>
    /// <exception cref="NetFormatException">It is no such file, or its sizes and values do not agree.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static MeanImage Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Parse(stream, path);
    }

    /// <summary>Reads a mean picture from a stream.</summary>
    /// <exception cref="NetFormatException">It is no such file, or its sizes and values do not agree.</exception>
    public static MeanImage Parse(Stream stream, string path)
    {
        var blob = new BlobProto();
        try
        {
            blob.MergeFrom(stream);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new NetFormatException(path, $"is no mean file of Caffe: {error.Message}", error);
        }
        IReadOnlyList<long> sizes = CaffeWeights.Dimensions(blob);
        long[] picture = sizes.Count == 4 && sizes[0] == 1 ? [.. sizes.Skip(1)] : [.. sizes];
        if (picture.Length != 3 || picture.Any(d => d < 1)) throw new NetFormatException(path, $"is no mean picture: {(sizes.Count == 0 ? "it has no sizes" : $"its sizes are {string.Join("×", sizes)}")}, channels × height × width were expected");
        if (CaffeWeights.Problem(blob, sizes) is { } problem) throw new NetFormatException(path, $"its blob {problem}");
        return new MeanImage(new Shape((int)picture[0], (int)picture[1], (int)picture[2]), CaffeWeights.Values(blob));
    }

    /// <summary>Writes a mean picture.</summary>
    /// <exception cref="IOException">It could not be written; an earlier file is unchanged.</exception>
    public static void Write(MeanImage mean, string path)
    {
        var blob = new BlobProto { Num = 1, Channels = mean.Shape.Channels, Height = mean.Shape.Height, Width = mean.Shape.Width };
        blob.Data.AddRange(mean.Values.ToArray());
        AtomicFile.Write(path, blob.WriteTo, blob.CalculateSize());
    }
}
