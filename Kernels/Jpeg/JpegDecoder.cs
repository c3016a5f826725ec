using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using EvenNet.Framework;

namespace EvenNet.Kernels;

/// <summary>
/// Reads JPEG, baseline and progressive, colour and grey, through libturbojpeg, with the accurate inverse transform and smooth chroma as OpenCV does.
/// On request at a smaller scale, which the inverse transform gives for less work. A picture that the camera took sideways is turned upright. Grey becomes three equal channels; CMYK is refused. A damaged or cut file is an error and never half a picture.
/// Without the library every picture is refused with the way to get it. Several threads may decode at once.
/// </summary>
public sealed class JpegDecoder : IImageDecoder, IDisposable
{
    // Huffman coding takes a bit at least for a block of 64 pixels; the factor of 8 allows for arithmetic coding.
    private const int MostPixelsPerByte = 8 * 8 * 64;

    // Of eighths.
    private const int Whole = 8;

    private readonly NativeLibraryStatus library;
    private readonly ConcurrentBag<TurboJpegHandle> idle = [];

    /// <summary>A decoder over the library of this machine, if there is one: see <see cref="Library"/>.</summary>
    public JpegDecoder() : this(Library) { }

    internal JpegDecoder(NativeLibraryStatus library) => this.library = library;

    /// <summary>Whether libturbojpeg is there, where, and which. Never throws.</summary>
    public static NativeLibraryStatus Library => NativeLibraries.Find(NativeLibraries.TurboJpeg);

    /// <inheritdoc/>
    public bool Recognises(ReadOnlySpan<byte> header) => header.StartsWith<byte>([0xFF, 0xD8, 0xFF]);

    /// <inheritdoc/>
    public Image Decode(ReadOnlySpan<byte> bytes, string name)
    {
        TurboJpegHandle handle = Take(name);
        try
        {
            (int width, int height) = ReadSize(handle, bytes, name);
            Image image = Decode(handle, bytes, name, width, height);
            idle.Add(handle);
            return ExifOrientation.Apply(image, ExifOrientation.OfJpeg(bytes));
        }
        catch
        {
            // The library keeps half-read markers after an error in a header, and would spoil the next picture.
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> bytes, string name, ImageBuffer target, DecodeScale? scale = null)
    {
        TurboJpegHandle handle = Take(name);
        try
        {
            (int width, int height) = ReadSize(handle, bytes, name);
            int orientation = ExifOrientation.OfJpeg(bytes);
            (int uprightWidth, int uprightHeight) = ExifOrientation.IsTurned(orientation) ? (height, width) : (width, height);
            int eighths = Math.Clamp(scale?.Invoke(uprightWidth, uprightHeight) ?? Whole, 1, Whole);
            (width, height) = (Scaled(width, eighths), Scaled(height, eighths));
            if (orientation == ExifOrientation.Upright) Decode(handle, bytes, name, width, height, target.Begin(width, height, 3, uprightWidth, uprightHeight));
            else target.Take(ExifOrientation.Apply(Decode(handle, bytes, name, width, height), orientation), uprightWidth, uprightHeight);
            idle.Add(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Frees the library's memory.</summary>
    public void Dispose()
    {
        while (idle.TryTake(out TurboJpegHandle? handle)) handle.Dispose();
    }

    private TurboJpegHandle Take(string name)
    {
        if (!library.IsFound) throw new ImageFormatException(name, Absent(library)) { IsDecoderMissing = true };
        if (!idle.TryTake(out TurboJpegHandle? handle)) handle = TurboJpeg.tjInitDecompress();
        return handle.IsInvalid ? throw new InsufficientMemoryException("libturbojpeg could not make a decompressor") : handle;
    }

    // The library rounds up too.
    private static int Scaled(int size, int eighths) => (int)(((long)size * eighths + Whole - 1) / Whole);

    private static (int Width, int Height) ReadSize(TurboJpegHandle handle, ReadOnlySpan<byte> bytes, string name)
    {
        bool isRead = TurboJpeg.tjDecompressHeader3(handle, bytes, new CULong((nuint)bytes.Length), out int width, out int height, out _, out int colours) == 0;
        if (!isRead && TurboJpeg.tjGetErrorCode(handle) != TurboJpeg.TJERR_WARNING) throw Broken(name, handle.Message);
        if (width <= 0 || height <= 0) throw Broken(name, "there is no picture in it");
        if (colours is TurboJpeg.TJCS_CMYK or TurboJpeg.TJCS_YCCK) throw new ImageFormatException(name, "it is a CMYK JPEG, made for print; convert it to RGB");
        Image.CheckSize(name, "JPEG", width, height);
        return (long)width * height / MostPixelsPerByte > bytes.Length ? throw Broken(name, $"{bytes.Length} bytes cannot hold {width}×{height} pixels") : (width, height);
    }

    private static Image Decode(TurboJpegHandle handle, ReadOnlySpan<byte> bytes, string name, int width, int height)
    {
        var image = new Image(width, height);
        Decode(handle, bytes, name, width, height, image.Pixels);
        return image;
    }

    private static void Decode(TurboJpegHandle handle, ReadOnlySpan<byte> bytes, string name, int width, int height, Span<byte> pixels)
    {
        if (TurboJpeg.tjDecompress2(handle, bytes, new CULong((nuint)bytes.Length), pixels, width, 3 * width, height, TurboJpeg.TJPF_BGR, TurboJpeg.TJFLAG_LIMITSCANS) == 0) return;
        string message = handle.Message;
        if (TurboJpeg.tjGetErrorCode(handle) != TurboJpeg.TJERR_WARNING || !IsHarmless(message)) throw Broken(name, message);
    }

    // Warnings of libjpeg (jerror.h) after which every pixel is still as it was meant; after the others some are lost.
    private static bool IsHarmless(string warning) =>
        warning.Contains("extraneous bytes before marker", StringComparison.Ordinal) || warning.StartsWith("Unknown Adobe color transform", StringComparison.Ordinal)
        || warning.StartsWith("Warning: unknown JFIF revision", StringComparison.Ordinal) || warning.StartsWith("Invalid SOS parameters", StringComparison.Ordinal)
        || warning.Contains("bad ICC marker", StringComparison.Ordinal);

    private static ImageFormatException Broken(string name, string reason) => new(name, $"a broken JPEG: {reason}");

    internal static string Absent(NativeLibraryStatus library) =>
        $"{library.Problem ?? $"libturbojpeg was not found (tried {string.Join(", ", library.Tried)})"}. "
        + "Debian: apt install libturbojpeg0; Ubuntu: apt install libturbojpeg; or convert the picture to PNG.";
}
