using EvenNet.Framework;

namespace EvenNet.Kernels;

/// <summary>Writes JPEG through libturbojpeg: baseline, chroma at half the resolution. Equal pixels give equal bytes with one version of the library.</summary>
public sealed unsafe class JpegEncoder : IImageEncoder
{
    private readonly int quality;

    /// <summary>Quality: 1 to 100.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The quality is another.</exception>
    public JpegEncoder(int quality = 85)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        this.quality = quality;
    }

    /// <summary>Whether libturbojpeg is there, where, and which. Never throws.</summary>
    public static NativeLibraryStatus Library => JpegDecoder.Library;

    /// <inheritdoc/>
    public string MediaType => "image/jpeg";

    /// <inheritdoc/>
    /// <exception cref="DllNotFoundException">The library is not there: see <see cref="Library"/>.</exception>
    public byte[] Encode(Image image)
    {
        if (!Library.IsFound) throw new DllNotFoundException(JpegDecoder.Absent(Library));
        using TurboJpegHandle handle = TurboJpeg.tjInitCompress();
        if (handle.IsInvalid) throw new InsufficientMemoryException("libturbojpeg could not make a compressor");
        byte[] buffer = new byte[(long)TurboJpeg.tjBufSize(image.Width, image.Height, TurboJpeg.TJSAMP_420).Value];
        var size = new System.Runtime.InteropServices.CULong((nuint)buffer.Length);
        fixed (byte* into = buffer)
        {
            byte* at = into;
            int failed = TurboJpeg.tjCompress2(
                handle, image.Pixels, image.Width, 3 * image.Width, image.Height, TurboJpeg.TJPF_BGR, &at, ref size, TurboJpeg.TJSAMP_420, quality, TurboJpeg.TJFLAG_NOREALLOC);
            if (failed != 0) throw new InvalidOperationException($"libturbojpeg could not write {image.Width}×{image.Height} pixels: {handle.Message}");
        }
        return buffer[..(int)size.Value];
    }
}
