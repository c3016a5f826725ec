namespace EvenNet.Framework;

/// <summary>
/// Reads binary PGM (P5) and PPM (P6). Samples are stretched to 0 … 255 where the file's maximum is another;
/// where it is 65535 the high byte is kept, as with PNG. Grey becomes three equal channels.
/// </summary>
public sealed class PnmDecoder : IImageDecoder
{
    /// <inheritdoc/>
    public bool Recognises(ReadOnlySpan<byte> header) => header.Length > 2 && header[0] == 'P' && header[1] is (byte)'5' or (byte)'6' && IsSpace(header[2]);

    /// <inheritdoc/>
    public Image Decode(ReadOnlySpan<byte> bytes, string name)
    {
        if (!Recognises(bytes)) throw new ImageFormatException(name, "no PPM or PGM");
        string format = bytes[1] == '5' ? "PGM" : "PPM";
        int samples = bytes[1] == '5' ? 1 : 3, position = 2;
        int width = Number(bytes, ref position, name, format), height = Number(bytes, ref position, name, format), maximum = Number(bytes, ref position, name, format);
        Image.CheckSize(name, format, width, height);
        if (maximum is 0 or > 65535) throw new ImageFormatException(name, $"a broken {format}: its largest value is {maximum}, 1 to 65535 are possible");
        if (position == bytes.Length || !IsSpace(bytes[position])) throw new ImageFormatException(name, $"a broken {format}: no space after its header");

        ReadOnlySpan<byte> data = bytes[(position + 1)..];
        int sampleBytes = maximum > 255 ? 2 : 1;
        long needed = (long)width * height * samples * sampleBytes;
        if (data.Length != needed) throw new ImageFormatException(name, $"a broken {format}: {width}×{height} pixels are {needed} bytes, the file has {data.Length}");
        var image = new Image(width, height);
        byte[] pixels = image.Pixels;
        for (int pixel = 0, from = 0; pixel < pixels.Length; pixel += 3)
        {
            for (int sample = 0; sample < samples; sample++, from += sampleBytes)
            {
                int value = sampleBytes == 1 ? data[from] : data[from] << 8 | data[from + 1];
                pixels[pixel + 2 - sample] = maximum == 65535 ? (byte)(value >> 8) : (byte)Math.Min(255, (value * 255 + maximum / 2) / maximum);
            }
            if (samples == 1) pixels[pixel] = pixels[pixel + 1] = pixels[pixel + 2];
        }
        return image;
    }

    // Spaces and comments (# to the end of the line), then a decimal number.
    private static int Number(ReadOnlySpan<byte> bytes, ref int position, string name, string format)
    {
        while (position < bytes.Length && (IsSpace(bytes[position]) || bytes[position] == '#'))
        {
            if (bytes[position] == '#')
                while (position < bytes.Length && bytes[position] is not ((byte)'\n' or (byte)'\r')) position++;
            else
                position++;
        }
        int value = 0, start = position;
        for (; position < bytes.Length && char.IsAsciiDigit((char)bytes[position]) && position - start < 9; position++) value = 10 * value + bytes[position] - '0';
        return position > start ? value : throw new ImageFormatException(name, $"a broken {format}: its header is not whole");
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or >= 9 and <= 13;
}
