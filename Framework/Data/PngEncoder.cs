namespace EvenNet.Framework;

/// <summary>PNG, by <see cref="PngWriter"/>: exact, and for photographs several times as large as JPEG.</summary>
public sealed class PngEncoder : IImageEncoder
{
    /// <inheritdoc/>
    public string MediaType => "image/png";

    /// <inheritdoc/>
    public byte[] Encode(Image image) => PngWriter.Encode(image);
}
