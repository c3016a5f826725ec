using System.Security.Cryptography;
using System.Text;

namespace EvenNet.Kernels.Cuda;

/// <summary>How NativeKernels.cu becomes the PTX that this assembly carries.</summary>
internal static class KernelCompiler
{
    /// <summary>The oldest GPUs that the kernels run on: Turing. The driver compiles the PTX for newer ones.</summary>
    public const string Architecture = "compute_75";

    /// <summary>GPUs whose machine code the kernels are checked for; 8.6 and 8.9 have the registers of 8.0.</summary>
    public static IReadOnlyList<string> Checked { get; } = ["sm_75", "sm_80", "sm_90"];

    /// <summary>The PTX's first line: which source it was made from, by what.</summary>
    public static string Heading(string source, string compiler) => $"// NativeKernels.cu {Hash(source)}, {compiler}, {Architecture}";

    /// <summary>SHA-256 of a source, whatever its line ends.</summary>
    public static string Hash(string source) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source.ReplaceLineEndings("\n"))));

    /// <summary>The PTX with its heading.</summary>
    public static string Ptx(string source, Nvrtc compiler)
    {
        (int major, int minor) = compiler.Version;
        return $"{Heading(source, $"NVRTC {major}.{minor}")}\n{compiler.Compile(source, "NativeKernels.cu", Options(Architecture)).Ptx}";
    }

    /// <summary>What the compiler says of each kernel's registers, stack and spills on a GPU.</summary>
    public static string Resources(string source, Nvrtc compiler, string architecture) =>
        compiler.Compile(source, "NativeKernels.cu", [.. Options(architecture), "--ptxas-options=-v"]).Log;

    private static string[] Options(string architecture) => [$"--gpu-architecture={architecture}", "--std=c++17"];
}
