using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;
using EvenNet.Tests.House;

namespace EvenNet.Tests.Cuda;

/// <summary>In what order the threads of a block run between two barriers.</summary>
public enum ThreadOrder
{
    /// <summary>Warp by warp, each as far as it can go before the next one starts.</summary>
    Ascending,

    /// <summary>The same from the last warp, and from the last block.</summary>
    Descending,

    /// <summary>All threads a step at a time, shuffled.</summary>
    Random,
}

/// <summary>
/// NativeKernels.cu compiled for the host together with what plays the CUDA driver, cuBLAS, cuBLASLt, cuDNN and cuSOLVER (Tests/CudaEmulator). Built once for each state of the
/// sources; tests that need it are skipped where there is no g++.
/// </summary>
internal sealed unsafe class Emulator
{
    private static readonly string[] Sources = ["emulator.h", "scheduler.h", "vendor.h", "scheduler.cpp", "kernels.cpp", "driver.cpp", "vendor.cpp", "blas.cpp", "dnn.cpp", "solver.cpp"];
    private static readonly Lazy<Emulator?> Built = new(() => Build(Repository.Path("NativeKernels.cu")));
    private readonly nint library;

    private Emulator(string path)
    {
        Path = path;
        library = NativeLibrary.Load(path);
        Driver = new CudaDriver(library, path);
    }

    /// <summary>The library's file.</summary>
    public string Path { get; }

    public CudaDriver Driver { get; }

    public long UsedBytes => (long)((delegate* unmanaged<nuint>)Export("emulatorUsedBytes"))();

    public int Launches => ((delegate* unmanaged<int>)Export("emulatorLaunches"))();

    /// <summary>Handles and descriptors of the played libraries that nobody has destroyed.</summary>
    public int Objects => ((delegate* unmanaged<int>)Export("emulatorObjects"))();

    /// <summary>A folder that holds the library under the names that the driver and the vendor's libraries have.</summary>
    public string LibraryFolder
    {
        get
        {
            string folder = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, "libraries");
            Directory.CreateDirectory(folder);
            foreach (string name in CudaLibraries.Descriptions.Where(l => l.Name != "NVRTC").SelectMany(l => l.Linux))
                if (!File.Exists(System.IO.Path.Combine(folder, name))) File.CreateSymbolicLink(System.IO.Path.Combine(folder, name), Path);
            return folder;
        }
    }

    /// <summary>How often a function of the driver was called.</summary>
    public long DriverCalls(string function)
    {
        fixed (byte* name = Text(function)) return ((delegate* unmanaged<byte*, nint>)Export("emulatorDriverCalls"))(name);
    }

    /// <summary>Lets the next call of a function, or one after it, return a code; what leaves a context unusable stays.</summary>
    public void FailDriver(string function, CudaResult code, int call = 1)
    {
        fixed (byte* name = Text(function)) ((delegate* unmanaged<byte*, int, int, void>)Export("emulatorDriverFails"))(name, call, (int)code);
    }

    public int Contexts => ((delegate* unmanaged<int>)Export("emulatorContexts"))();

    /// <summary>The emulator of the kernels; the test is ignored, with the reason, where it cannot be built.</summary>
    public static Emulator Require(ThreadOrder order = ThreadOrder.Ascending)
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("the emulator of CUDA devices is built on Linux only");
        if (Built.Value is not { } emulator)
        {
            Assert.Ignore("no g++: the emulator of CUDA devices cannot be built");
            throw new InvalidOperationException();
        }
        emulator.Reset();
        emulator.Set(order);
        return emulator;
    }

    /// <summary>A backend on the emulated device.</summary>
    public static CudaBackend Open(ThreadOrder order = ThreadOrder.Ascending) => Require(order).Open();

    /// <inheritdoc cref="Open(ThreadOrder)"/>
    public CudaBackend Open() => new(new CudaDevice(Driver, 0));

    /// <summary>A backend on the emulated device with the played libraries, or with what load finds of them.</summary>
    public CudaBackend Open(CudaOptions options, Func<CudaLibrary, NativeLibraries.Library>? load = null) => new(new CudaDevice(Driver, 0), ownsDevice: true, options, load ?? Load);

    /// <summary>Every library of the vendor, played.</summary>
    public NativeLibraries.Library Load(CudaLibrary wanted) => new(library, new NativeLibraryStatus(wanted.Name, IsFound: true, Path, Version: null, wanted.Linux));

    /// <summary>Lets a function of a played library fail with a status; 0: no more.</summary>
    public void Fail(string function, int status)
    {
        fixed (byte* name = Text(function)) ((delegate* unmanaged<byte*, int, void>)Export("emulatorFail"))(name, status);
    }

    /// <summary>Which version a played library, or the driver, says it is.</summary>
    public void SetVersion(string of, int version)
    {
        fixed (byte* name = Text(of)) ((delegate* unmanaged<byte*, int, void>)Export("emulatorSetVersion"))(name, version);
    }

    /// <summary>Milliseconds that work of a name takes by the device's events; whatever is not named takes one.</summary>
    public void SetCost(string work, double milliseconds)
    {
        fixed (byte* name = Text(work)) ((delegate* unmanaged<byte*, double, void>)Export("emulatorSetCost"))(name, milliseconds);
    }

    /// <summary>How often a function of a played library was called.</summary>
    public int Calls(string function)
    {
        fixed (byte* name = Text(function)) return ((delegate* unmanaged<byte*, int>)Export("emulatorCalls"))(name);
    }

    public void Set(ThreadOrder order) => ((delegate* unmanaged<int, void>)Export("emulatorSetSchedule"))((int)order);

    /// <summary>Forgets faults and what the libraries were told; sets the device's memory, and lets a launch fail with an illegal address: the first, the second…; 0: none.</summary>
    public void Reset(long memoryBytes = 4L << 30, int failingLaunch = 0)
    {
        ((delegate* unmanaged<nuint, int, void>)Export("emulatorReset"))((nuint)memoryBytes, failingLaunch);
        ((delegate* unmanaged<void>)Export("emulatorResetLibraries"))();
        ((delegate* unmanaged<byte*, double, void>)Export("emulatorSetCost"))(null, 0);
    }

    /// <summary>Bytes of each of a kernel's parameters, as the host compiler has them.</summary>
    public List<int> Parameters(string kernel)
    {
        var bytes = (delegate* unmanaged<byte*, int, nint>)Export("emulatorParameterBytes");
        List<int> sizes = [];
        fixed (byte* name = Encoding.UTF8.GetBytes(kernel + "\0"))
            for (int i = 0; bytes(name, i) > 0; i++) sizes.Add((int)bytes(name, i));
        return sizes;
    }

    /// <summary>Compiles the emulator around a file of kernels; null where there is no g++.</summary>
    public static Emulator? Build(string kernels)
    {
        string folder = Repository.Path("Tests/CudaEmulator");
        byte[] all = [.. Sources.SelectMany(name => File.ReadAllBytes(System.IO.Path.Combine(folder, name))), .. File.ReadAllBytes(kernels)];
        string place = System.IO.Path.Combine(TestContext.CurrentContext.TestDirectory, "emulator", Convert.ToHexString(SHA256.HashData(all))[..16]);
        string library = System.IO.Path.Combine(place, "libcuda.so.1");
        if (File.Exists(library)) return new Emulator(library);
        Directory.CreateDirectory(place);
        string made = $"{library}.{Environment.ProcessId}";
        string[] arguments =
        [
            "-std=c++17", "-O2", "-fPIC", "-shared", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-unknown-pragmas", $"-DKERNELS=\"{kernels}\"", "-o", made,
            .. Sources.Where(name => name.EndsWith(".cpp", StringComparison.Ordinal)).Select(name => System.IO.Path.Combine(folder, name)),
        ];
        Process compiler;
        try
        {
            compiler = Process.Start(new ProcessStartInfo("g++", arguments) { RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        using (compiler)
        {
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero, errors);
        }
        File.Move(made, library, overwrite: true);
        return new Emulator(library);
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");

    private nint Export(string name) => NativeLibrary.GetExport(library, name);
}
