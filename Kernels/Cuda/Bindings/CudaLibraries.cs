namespace EvenNet.Kernels.Cuda;

/// <summary>
/// The libraries of CUDA, each under the names it has in CUDA 13 and 12 on Linux and Windows. None is needed to load this assembly; each is loaded
/// when it is first asked for, and asking never throws.
/// </summary>
internal static class CudaLibraries
{
    /// <summary>Folders that are searched before the system's, separated as in PATH.</summary>
    public const string FoldersVariable = "EVENNET_CUDA";

    /// <summary>Matrix products.</summary>
    public static readonly CudaLibrary CuBlas = new("cuBLAS", ["libcublas.so.13", "libcublas.so.12"], ["cublas64_13.dll", "cublas64_12.dll"], ["cublasCreate_v2", "cublasGemmEx"]);

    /// <summary>Matrix products by a choice of algorithms.</summary>
    public static readonly CudaLibrary CuBlasLt = new("cuBLASLt", ["libcublasLt.so.13", "libcublasLt.so.12"], ["cublasLt64_13.dll", "cublasLt64_12.dll"], ["cublasLtCreate", "cublasLtMatmul"]);

    /// <summary>Convolutions; one name for CUDA 12 and 13.</summary>
    public static readonly CudaLibrary CuDnn = new("cuDNN", ["libcudnn.so.9"], ["cudnn64_9.dll"], ["cudnnCreate", "cudnnConvolutionForward"]);

    /// <summary>Eigenvectors; of CUDA 13 first, as the others.</summary>
    public static readonly CudaLibrary CuSolver = new("cuSOLVER", ["libcusolver.so.12", "libcusolver.so.11"], ["cusolver64_12.dll", "cusolver64_11.dll"], ["cusolverDnCreate", "cusolverDnSsyevd"]);

    private static readonly Lazy<NativeLibraries.Library>[] Loaded = [.. Descriptions.Select(d => new Lazy<NativeLibraries.Library>(() => Load(d)))];

    /// <summary>Every library that this program can use, the driver first.</summary>
    public static IReadOnlyList<CudaLibrary> Descriptions =>
    [
        new("CUDA driver", ["libcuda.so.1"], ["nvcuda.dll"], ["cuInit", "cuDriverGetVersion"]),
        new("NVRTC", ["libnvrtc.so.13", "libnvrtc.so.12"], ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"], ["nvrtcVersion", "nvrtcCompileProgram"]),
        CuBlas, CuBlasLt, CuDnn, CuSolver,
    ];

    /// <summary>The driver's library.</summary>
    public static NativeLibraries.Library Driver => Loaded[0].Value;

    /// <summary>The run-time compiler's library.</summary>
    public static NativeLibraries.Library Nvrtc => Loaded[1].Value;

    /// <summary>Where each library was found and which version it says it is, or what was tried.</summary>
    public static IReadOnlyList<NativeLibraryStatus> All => [.. Loaded.Select(l => WithVersion(l.Value))];

    /// <summary>Loads a library by its names here: in the folders that were named, then in a toolkit's, then wherever the system looks.</summary>
    internal static NativeLibraries.Library Load(CudaLibrary library)
    {
        string[] names = OperatingSystem.IsWindows() ? library.Windows : library.Linux;
        return NativeLibraries.Load(library.Name, [.. Folders().SelectMany(folder => names.Select(name => Path.Combine(folder, name))), .. names], library.Functions);
    }

    /// <summary>The library's own word for its version, where it has one; makes no context.</summary>
    internal static NativeLibraryStatus WithVersion(NativeLibraries.Library library)
    {
        NativeLibraryStatus status = library.Status;
        if (!status.IsFound) return status;
        try
        {
            return status with { Version = VersionOf(status.Name, library.Handle, status.Path!) ?? status.Version };
        }
        catch (CudaException error)
        {
            return status with { Problem = error.Message };
        }
    }

    private static string? VersionOf(string name, nint handle, string path)
    {
        switch (name)
        {
            case "CUDA driver":
                int version = new CudaDriver(handle, path).Version;
                return $"for CUDA {version / 1000}.{version % 1000 / 10}";
            case "NVRTC":
                (int major, int minor) = new Nvrtc(handle).Version;
                return $"{major}.{minor}";
            case "cuBLAS": return $"{new CuBlas(handle, path).Version}";
            case "cuBLASLt": return $"{new CuBlasLt(handle, path).Version}";
            case "cuDNN": return $"{new CuDnn(handle, path).Version}";
            case "cuSOLVER": return $"{new CuSolver(handle, path).Version}";
            default: return null;
        }
    }

    private static IEnumerable<string> Folders()
    {
        string named = Environment.GetEnvironmentVariable(FoldersVariable) ?? "";
        foreach (string folder in named.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)) yield return folder;
        if (Environment.GetEnvironmentVariable("CUDA_PATH") is { Length: > 0 } toolkit) yield return Path.Combine(toolkit, OperatingSystem.IsWindows() ? "bin" : "lib64");
    }
}

/// <summary>A library's names, newest first, and functions that tell it from an older one.</summary>
internal sealed record CudaLibrary(string Name, string[] Linux, string[] Windows, string[] Functions)
{
    /// <summary>The library under one of its names alone: the first, the second….</summary>
    public CudaLibrary At(int place) => this with { Linux = [Linux[place]], Windows = [Windows[place]] };
}
