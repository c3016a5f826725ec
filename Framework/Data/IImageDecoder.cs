namespace EvenNet.Framework;

/// <summary>One picture format. Several threads may decode with one instance at once.</summary>
public interface IImageDecoder
{
    /// <summary>The bytes that <see cref="Recognises"/> is shown, fewer where the file is shorter.</summary>
    const int HeaderBytes = 16;

    /// <summary>Whether a file that starts so is of this format, whatever its name.</summary>
    bool Recognises(ReadOnlySpan<byte> header);

    /// <summary>Decodes a whole file.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="name">The file's name, for messages.</param>
    /// <exception cref="ImageFormatException">The only exception that any content may cause.</exception>
    Image Decode(ReadOnlySpan<byte> bytes, string name);

    /// <summary>Decodes a whole file into memory that is used again, where the format allows it at the scale that <paramref name="scale"/> asks for.</summary>
    /// <exception cref="ImageFormatException">The only exception that any content may cause.</exception>
    void Decode(ReadOnlySpan<byte> bytes, string name, ImageBuffer target, DecodeScale? scale = null) => target.Take(Decode(bytes, name));
}
