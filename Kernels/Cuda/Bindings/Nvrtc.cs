using System.Runtime.InteropServices;
using System.Text;

namespace EvenNet.Kernels.Cuda;

/// <summary>NVRTC, the compiler from CUDA C++ to PTX and machine code as a library; needs neither a GPU nor its driver.</summary>
internal sealed unsafe class Nvrtc
{
    private readonly delegate* unmanaged<int*, int*, int> nvrtcVersion;
    private readonly delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int> nvrtcCreateProgram;
    private readonly delegate* unmanaged<nint, int, byte**, int> nvrtcCompileProgram;
    private readonly delegate* unmanaged<nint*, int> nvrtcDestroyProgram;
    private readonly delegate* unmanaged<nint, nuint*, int> nvrtcGetPTXSize, nvrtcGetProgramLogSize, nvrtcGetCUBINSize;
    private readonly delegate* unmanaged<nint, byte*, int> nvrtcGetPTX, nvrtcGetProgramLog;
    private readonly delegate* unmanaged<int, byte*> nvrtcGetErrorString;

    /// <summary>Binds a loaded library.</summary>
    public Nvrtc(nint library)
    {
        nint Find(string name) => NativeLibrary.GetExport(library, name);
        nvrtcVersion = (delegate* unmanaged<int*, int*, int>)Find("nvrtcVersion");
        nvrtcCreateProgram = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)Find("nvrtcCreateProgram");
        nvrtcCompileProgram = (delegate* unmanaged<nint, int, byte**, int>)Find("nvrtcCompileProgram");
        nvrtcDestroyProgram = (delegate* unmanaged<nint*, int>)Find("nvrtcDestroyProgram");
        nvrtcGetPTXSize = (delegate* unmanaged<nint, nuint*, int>)Find("nvrtcGetPTXSize");
        nvrtcGetPTX = (delegate* unmanaged<nint, byte*, int>)Find("nvrtcGetPTX");
        nvrtcGetCUBINSize = (delegate* unmanaged<nint, nuint*, int>)Find("nvrtcGetCUBINSize");
        nvrtcGetProgramLogSize = (delegate* unmanaged<nint, nuint*, int>)Find("nvrtcGetProgramLogSize");
        nvrtcGetProgramLog = (delegate* unmanaged<nint, byte*, int>)Find("nvrtcGetProgramLog");
        nvrtcGetErrorString = (delegate* unmanaged<int, byte*>)Find("nvrtcGetErrorString");
    }

    /// <summary>What a compilation made.</summary>
    /// <param name="Ptx">The portable code, text.</param>
    /// <param name="MachineCodeBytes">Size of the machine code; zero for a virtual architecture.</param>
    /// <param name="Log">What the compiler said, registers and spills of each kernel where it was asked for them.</param>
    internal sealed record Program(string Ptx, long MachineCodeBytes, string Log);

    /// <summary>The compiler on this machine, or null.</summary>
    public static Nvrtc? Find()
    {
        if (CudaLibraries.Nvrtc is not { Status.IsFound: true } library) return null;
        // The compiler opens its second library by name, which finds what is loaded already, but not what merely lies beside it.
        string? folder = Path.GetDirectoryName(library.Status.Path);
        if (!string.IsNullOrEmpty(folder))
            foreach (string builtins in Directory.EnumerateFiles(folder, "*nvrtc-builtins*")) NativeLibrary.TryLoad(builtins, out _);
        return new Nvrtc(library.Handle);
    }

    /// <summary>12 and 4.</summary>
    public (int Major, int Minor) Version
    {
        get
        {
            int major, minor;
            Check(nvrtcVersion(&major, &minor), nameof(nvrtcVersion), "");
            return (major, minor);
        }
    }

    /// <summary>Compiles a source that includes nothing.</summary>
    /// <param name="source">CUDA C++.</param>
    /// <param name="name">What the compiler's messages call it.</param>
    /// <param name="options">«--gpu-architecture=compute_75» and others.</param>
    /// <exception cref="CudaException">It does not compile; the message holds the compiler's.</exception>
    public Program Compile(string source, string name, params IReadOnlyList<string> options)
    {
        nint program;
        fixed (byte* text = Encoding.UTF8.GetBytes(source + "\0"), file = Encoding.UTF8.GetBytes(name + "\0"))
            Check(nvrtcCreateProgram(&program, text, file, 0, null, null), nameof(nvrtcCreateProgram), "");
        nint[] native = [.. options.Select(Marshal.StringToCoTaskMemUTF8)];
        try
        {
            int result;
            fixed (nint* first = native) result = nvrtcCompileProgram(program, native.Length, (byte**)first);
            string log = Text(program, nvrtcGetProgramLogSize, nvrtcGetProgramLog);
            Check(result, $"nvrtcCompileProgram({name})", log);
            nuint machineCode;
            Check(nvrtcGetCUBINSize(program, &machineCode), nameof(nvrtcGetCUBINSize), "");
            return new Program(Text(program, nvrtcGetPTXSize, nvrtcGetPTX), (long)machineCode, log);
        }
        finally
        {
            foreach (nint option in native) Marshal.FreeCoTaskMem(option);
            _ = nvrtcDestroyProgram(&program);
        }
    }

    private string Text(nint program, delegate* unmanaged<nint, nuint*, int> size, delegate* unmanaged<nint, byte*, int> read)
    {
        nuint bytes;
        Check(size(program, &bytes), "a size of NVRTC's text", "");
        byte[] text = new byte[bytes];
        fixed (byte* first = text) Check(read(program, first), "NVRTC's text", "");
        return Encoding.UTF8.GetString(text).TrimEnd('\0');
    }

    private void Check(int result, string call, string log)
    {
        if (result != 0) throw new CudaException($"{call} failed: {Marshal.PtrToStringUTF8((nint)nvrtcGetErrorString(result))} ({result})\n{log}".TrimEnd(), result);
    }
}
