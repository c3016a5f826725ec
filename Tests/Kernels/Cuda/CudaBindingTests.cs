using System.Reflection;
using System.Runtime.CompilerServices;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Bindings against facts of the public headers of CUDA 12.6; the same from 11.8 to 13.</summary>
public sealed class CudaBindingTests
{
    // In the order of the arguments: i a 32-bit number or enum, p a pointer, h a handle, P a device address, z a size, L 64 bits.
    private static readonly Dictionary<string, string> Signatures = new()
    {
        ["cuInit"] = "i",
        ["cuDriverGetVersion"] = "p",
        ["cuGetErrorName"] = "ip",
        ["cuGetErrorString"] = "ip",
        ["cuDeviceGetCount"] = "p",
        ["cuDeviceGet"] = "pi",
        ["cuDeviceGetName"] = "pii",
        ["cuDeviceGetAttribute"] = "pii",
        ["cuDeviceTotalMem_v2"] = "pi",
        ["cuDevicePrimaryCtxRetain"] = "pi",
        ["cuDevicePrimaryCtxRelease_v2"] = "i",
        ["cuCtxSetCurrent"] = "h",
        ["cuMemGetInfo_v2"] = "pp",
        ["cuMemAlloc_v2"] = "pz",
        ["cuMemFree_v2"] = "P",
        ["cuMemHostAlloc"] = "pzi",
        ["cuMemFreeHost"] = "p",
        ["cuMemcpyHtoDAsync_v2"] = "Ppzh",
        ["cuMemcpyDtoHAsync_v2"] = "pPzh",
        ["cuMemcpyDtoDAsync_v2"] = "PPzh",
        ["cuMemsetD32Async"] = "Pizh",
        ["cuStreamCreate"] = "pi",
        ["cuStreamDestroy_v2"] = "h",
        ["cuStreamSynchronize"] = "h",
        ["cuStreamWaitEvent"] = "hhi",
        ["cuStreamBeginCapture_v2"] = "hi",
        ["cuStreamEndCapture"] = "hp",
        ["cuEventCreate"] = "pi",
        ["cuEventRecord"] = "hh",
        ["cuEventSynchronize"] = "h",
        ["cuEventElapsedTime"] = "phh",
        ["cuEventDestroy_v2"] = "h",
        ["cuModuleLoadDataEx"] = "ppipp",
        ["cuModuleUnload"] = "h",
        ["cuModuleGetFunction"] = "php",
        ["cuFuncGetAttribute"] = "pih",
        ["cuLaunchKernel"] = "hiiiiiiihpp",
        ["cuGraphInstantiateWithFlags"] = "phL",
        ["cuGraphLaunch"] = "hh",
        ["cuGraphExecDestroy"] = "h",
        ["cuGraphDestroy"] = "h",
    };

    private static IEnumerable<FieldInfo> Functions => typeof(CudaDriver).GetFields(BindingFlags.Public | BindingFlags.Instance).Where(f => f.FieldType.IsFunctionPointer);

    [Test]
    public void Every_function_of_the_driver_takes_what_the_header_says()
    {
        Assert.That(Functions.Select(f => f.Name), Is.EquivalentTo(Signatures.Keys));
        foreach (FieldInfo function in Functions)
        {
            Assert.That(string.Concat(function.FieldType.GetFunctionPointerParameterTypes().Select(Kind)), Is.EqualTo(Normal(Signatures[function.Name])), function.Name);
            Assert.That(function.FieldType.GetFunctionPointerReturnType(), Is.EqualTo(typeof(CudaResult)), function.Name);
        }
    }

    [TestCase(typeof(CudaResult), "OutOfMemory", 2)]
    [TestCase(typeof(CudaResult), "StubLibrary", 34)]
    [TestCase(typeof(CudaResult), "NoDevice", 100)]
    [TestCase(typeof(CudaResult), "NoBinaryForGpu", 209)]
    [TestCase(typeof(CudaResult), "InvalidPtx", 218)]
    [TestCase(typeof(CudaResult), "UnsupportedPtxVersion", 222)]
    [TestCase(typeof(CudaResult), "NotFound", 500)]
    [TestCase(typeof(CudaResult), "IllegalAddress", 700)]
    [TestCase(typeof(CudaResult), "LaunchFailed", 719)]
    [TestCase(typeof(CudaResult), "CaptureUnsupported", 900)]
    [TestCase(typeof(CudaDeviceAttribute), "MultiprocessorCount", 16)]
    [TestCase(typeof(CudaDeviceAttribute), "ComputeCapabilityMajor", 75)]
    [TestCase(typeof(CudaDeviceAttribute), "ComputeCapabilityMinor", 76)]
    [TestCase(typeof(CudaJitOption), "ErrorLogBuffer", 5)]
    [TestCase(typeof(CudaFunctionAttribute), "RegisterCount", 4)]
    public void A_value_is_the_headers(Type type, string name, int value) => Assert.That((int)Enum.Parse(type, name), Is.EqualTo(value));

    [Test]
    public void Structs_that_kernels_take_are_as_wide_as_theirs()
    {
        Assert.That(Unsafe.SizeOf<WindowSize>(), Is.EqualTo(64));
        Assert.That(Unsafe.SizeOf<InputList>(), Is.EqualTo(16 * 8 + 16 * 4 + 8));
        Assert.That((Unsafe.SizeOf<UpdateRow>(), Unsafe.SizeOf<UpdateChunk>(), Unsafe.SizeOf<WatchedRow>(), Unsafe.SizeOf<RateList>()), Is.EqualTo((72, 8, 16, 96 * 4 + 8)));
    }

    [Test]
    public void A_library_that_is_not_there_names_all_that_was_tried()
    {
        NativeLibraries.Library none = CudaLibraries.Load(new("CUDA driver", ["libcuda-none.so.9", "libcuda-none.so.8"], ["cuda-none-9.dll", "cuda-none-8.dll"], ["cuInit"]));
        Assert.That(none.Status.IsFound, Is.False);
        Assert.That(none.Status.Tried, Has.Count.GreaterThanOrEqualTo(2).And.Some.Contains("none"));
        Assert.That(none.Status.Problem, Is.Null);
    }

    [Test]
    public void Asking_for_the_libraries_and_devices_of_this_machine_never_throws()
    {
        Assert.That(CudaSystem.Libraries.Select(l => l.Name), Is.EqualTo((string[])["CUDA driver", "NVRTC", "cuBLAS", "cuBLASLt", "cuDNN", "cuSOLVER"]));
        Assert.That(CudaSystem.Libraries, Is.All.Matches<NativeLibraryStatus>(l => l.IsFound ? l.Path is not null : l.Tried.Count > 0));
        IReadOnlyList<string> devices = CudaSystem.Devices(out string? problem);
        Assert.That(devices.Count > 0, Is.EqualTo(problem is null), problem);
    }

    [Test]
    public void A_failed_call_names_itself_its_code_and_a_way_out()
    {
        CudaDriver driver = Emulator.Require().Driver;
        CudaException error = driver.Failure(CudaResult.OutOfMemory, "driver.cuMemAlloc_v2(&address, 5)");
        Assert.That(error.Message, Is.EqualTo("cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY (2), out of memory; use a smaller batch, or close what else uses the device"));
        Assert.That(error.Code, Is.EqualTo(2));
        Assert.That(driver.Failure((CudaResult)4711, "cuInit").Message, Is.EqualTo("cuInit failed: unknown error (4711), no description"));
    }

    private static string Normal(string signature) => signature.Replace('h', 'L').Replace('P', 'L').Replace('z', 'L').Replace('p', 'L');

    // All that is 64 bits wide is passed alike; pointers are told from numbers by their own types.
    private static string Kind(Type type) => type == typeof(int) || type == typeof(uint) || type.IsEnum ? "i"
        : type.IsPointer || type == typeof(nint) || type == typeof(nuint) || type == typeof(ulong) ? "L" : throw new ArgumentException($"{type}");
}
