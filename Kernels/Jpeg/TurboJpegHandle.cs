using System.Runtime.InteropServices;

namespace EvenNet.Kernels;

/// <summary>A compressor or decompressor of the library; for one thread at a time.</summary>
internal sealed class TurboJpegHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    /// <summary>The library's message for the last call, without its function's name in front.</summary>
    public string Message
    {
        get
        {
            string text = Marshal.PtrToStringUTF8(TurboJpeg.tjGetErrorStr2(this)) ?? "no reason given";
            int at = text.IndexOf("(): ", StringComparison.Ordinal);
            return at < 0 ? text : text[(at + 4)..];
        }
    }

    protected override bool ReleaseHandle() => TurboJpeg.tjDestroy(handle) == 0;
}
