using System.Runtime.InteropServices;

namespace EvenNet.Kernels;

/// <summary>The TurboJPEG 2.x functions that reading and writing need, under their native names: libjpeg-turbo's turbojpeg.h is the documentation.</summary>
internal static unsafe partial class TurboJpeg
{
    public const int TJPF_BGR = 1;
    public const int TJCS_CMYK = 3;
    public const int TJCS_YCCK = 4;
    public const int TJERR_WARNING = 0;
    public const int TJFLAG_LIMITSCANS = 32768;
    public const int TJFLAG_NOREALLOC = 1024;
    public const int TJSAMP_420 = 2;

    private const string Library = NativeLibraries.TurboJpeg;

    [LibraryImport(Library)]
    internal static partial TurboJpegHandle tjInitDecompress();

    [LibraryImport(Library)]
    internal static partial int tjDecompressHeader3(TurboJpegHandle handle, ReadOnlySpan<byte> jpegBuf, CULong jpegSize, out int width, out int height, out int jpegSubsamp, out int jpegColorspace);

    [LibraryImport(Library)]
    internal static partial int tjDecompress2(TurboJpegHandle handle, ReadOnlySpan<byte> jpegBuf, CULong jpegSize, Span<byte> dstBuf, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library)]
    internal static partial TurboJpegHandle tjInitCompress();

    [LibraryImport(Library)]
    internal static partial CULong tjBufSize(int width, int height, int jpegSubsamp);

    [LibraryImport(Library)]
    internal static partial int tjCompress2(
        TurboJpegHandle handle, ReadOnlySpan<byte> srcBuf, int width, int pitch, int height, int pixelFormat, byte** jpegBuf, ref CULong jpegSize, int jpegSubsamp, int jpegQual, int flags);

    [LibraryImport(Library)]
    internal static partial nint tjGetErrorStr2(TurboJpegHandle handle);

    [LibraryImport(Library)]
    internal static partial int tjGetErrorCode(TurboJpegHandle handle);

    [LibraryImport(Library)]
    internal static partial int tjDestroy(nint handle);
}
