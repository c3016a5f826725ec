using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace EvenNet.Kernels;

/// <summary>
/// Finds the native libraries that the bindings of this assembly name, each under the names it has on different systems.
/// A library is loaded when it is first asked for; asking never throws.
/// </summary>
internal static class NativeLibraries
{
    public const string TurboJpeg = "turbojpeg";

    private static readonly Dictionary<string, Lazy<Library>> Known = new(StringComparer.Ordinal)
    {
        [TurboJpeg] = new(() => Load("libturbojpeg",
            OperatingSystem.IsWindows() ? ["turbojpeg.dll", "libturbojpeg.dll"]
            : OperatingSystem.IsMacOS() ? ["libturbojpeg.0.dylib", "libturbojpeg.dylib", "/opt/homebrew/lib/libturbojpeg.dylib", "/opt/homebrew/opt/jpeg-turbo/lib/libturbojpeg.dylib", "/usr/local/opt/jpeg-turbo/lib/libturbojpeg.dylib"]
            : ["libturbojpeg.so.0", "libturbojpeg.so"],
            ["tjInitDecompress", "tjDecompressHeader3", "tjDecompress2", "tjInitCompress", "tjBufSize", "tjCompress2", "tjGetErrorStr2", "tjGetErrorCode", "tjDestroy"])),
    };

    // An assembly has one resolver, set before the first call through it: every binding asks Find first.
    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    /// <summary>Whether the library is there; loads it on the first call.</summary>
    public static NativeLibraryStatus Find(string name) => Known[name].Value.Status;

    /// <summary>Tries the candidates in order and takes the first that has all of the functions.</summary>
    internal static Library Load(string name, string[] candidates, string[] functions)
    {
        string? problem = null, path = null;
        foreach (string candidate in candidates)
        {
            if (!NativeLibrary.TryLoad(candidate, typeof(NativeLibraries).Assembly, DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory, out nint handle)) continue;
            string? missing = functions.FirstOrDefault(function => !NativeLibrary.TryGetExport(handle, function, out _));
            path = PathOf(handle, functions) ?? candidate;
            if (missing is null) return new Library(handle, new NativeLibraryStatus(name, IsFound: true, path, VersionOf(path), candidates));
            problem ??= $"{path} has no function {missing}; a newer version is needed";
            NativeLibrary.Free(handle);
        }
        return new Library(0, new NativeLibraryStatus(name, IsFound: false, path, Version: null, candidates, problem));
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        Known.TryGetValue(name, out Lazy<Library>? library) ? library.Value.Handle : 0;

    // The module that holds the functions' code.
    private static string? PathOf(nint handle, string[] functions)
    {
        foreach (string function in functions)
        {
            if (!NativeLibrary.TryGetExport(handle, function, out nint address)) continue;
            try
            {
                using var process = Process.GetCurrentProcess();
                foreach (ProcessModule module in process.Modules)
                    if (address >= module.BaseAddress && address < module.BaseAddress + module.ModuleMemorySize) return module.FileName;
            }
            catch (Exception error) when (error is Win32Exception or NotSupportedException or InvalidOperationException)
            {
                return null;
            }
        }
        return null;
    }

    // A version resource (Windows), or what follows «.so.» in the name of the file itself.
    private static string? VersionOf(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows()) return FileVersionInfo.GetVersionInfo(path).FileVersion;
            string file = Path.GetFileName(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
            int at = file.IndexOf(".so.", StringComparison.Ordinal);
            return at >= 0 ? $"so {file[(at + 4)..]}" : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal sealed record Library(nint Handle, NativeLibraryStatus Status);
}
