// KernelBuild FOLDER: makes Kernels/Cuda/NativeKernels.ptx from NativeKernels.cu in a checkout. With nvcc, else with NVRTC; where there is neither, the
// committed PTX stays if it was made from this source.
using System.ComponentModel;
using System.Diagnostics;
using EvenNet.Kernels.Cuda;

string root = args.Length == 1 ? args[0] : ".", file = Path.Combine(root, "NativeKernels.cu"), target = Path.Combine(root, "Kernels", "Cuda", "NativeKernels.ptx");
string source = File.ReadAllText(file);
if ((WithNvcc() ?? WithNvrtc()) is { } ptx)
{
    string temporary = $"{target}.{Environment.ProcessId}";
    File.WriteAllText(temporary, ptx);
    File.Move(temporary, target, overwrite: true);
    Console.WriteLine($"wrote {target}: {ptx.Split('\n')[0]}");
    return 0;
}
bool isCurrent = File.ReadLines(target).First().Contains(KernelCompiler.Hash(source), StringComparison.Ordinal);
Console.WriteLine($"neither nvcc nor NVRTC was found (tried {string.Join(", ", CudaLibraries.Nvrtc.Status.Tried)}; folders in {CudaLibraries.FoldersVariable} are searched first)");
Console.WriteLine(isCurrent ? $"{target} stays: it was made from this source" : $"{target} was made from another {file}");
return isCurrent ? 0 : 3;

string? WithNvcc()
{
    string made = Path.GetTempFileName();
    try
    {
        using Process nvcc = Process.Start(new ProcessStartInfo("nvcc", ["--ptx", $"-arch={KernelCompiler.Architecture}", "-std=c++17", "-o", made, file]))!;
        nvcc.WaitForExit();
        return nvcc.ExitCode == 0 ? $"{KernelCompiler.Heading(source, "nvcc")}\n{File.ReadAllText(made)}" : throw new InvalidOperationException($"nvcc ended with {nvcc.ExitCode}");
    }
    catch (Win32Exception)
    {
        return null;
    }
    finally
    {
        File.Delete(made);
    }
}

string? WithNvrtc() => Nvrtc.Find() is { } compiler ? KernelCompiler.Ptx(source, compiler) : null;
