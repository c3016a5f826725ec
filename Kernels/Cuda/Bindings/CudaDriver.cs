using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// The functions of the CUDA driver that this program calls, by their exported names, from one loaded library: the system's, or one that plays it.
/// All have the same names and signatures in CUDA 11.8 to 13. Device pointers are 64-bit numbers; handles are as wide as a pointer.
/// </summary>
internal sealed unsafe class CudaDriver
{
#pragma warning disable IDE1006 // The driver's own names, so that its manual is the documentation.
    public readonly delegate* unmanaged<uint, CudaResult> cuInit;
    public readonly delegate* unmanaged<int*, CudaResult> cuDriverGetVersion;
    public readonly delegate* unmanaged<CudaResult, byte**, CudaResult> cuGetErrorName;
    public readonly delegate* unmanaged<CudaResult, byte**, CudaResult> cuGetErrorString;
    public readonly delegate* unmanaged<int*, CudaResult> cuDeviceGetCount;
    public readonly delegate* unmanaged<int*, int, CudaResult> cuDeviceGet;
    public readonly delegate* unmanaged<byte*, int, int, CudaResult> cuDeviceGetName;
    public readonly delegate* unmanaged<int*, CudaDeviceAttribute, int, CudaResult> cuDeviceGetAttribute;
    public readonly delegate* unmanaged<nuint*, int, CudaResult> cuDeviceTotalMem_v2;
    public readonly delegate* unmanaged<nint*, int, CudaResult> cuDevicePrimaryCtxRetain;
    public readonly delegate* unmanaged<int, CudaResult> cuDevicePrimaryCtxRelease_v2;
    public readonly delegate* unmanaged<nint, CudaResult> cuCtxSetCurrent;
    public readonly delegate* unmanaged<nuint*, nuint*, CudaResult> cuMemGetInfo_v2;
    public readonly delegate* unmanaged<ulong*, nuint, CudaResult> cuMemAlloc_v2;
    public readonly delegate* unmanaged<ulong, CudaResult> cuMemFree_v2;
    public readonly delegate* unmanaged<void**, nuint, uint, CudaResult> cuMemHostAlloc;
    public readonly delegate* unmanaged<void*, CudaResult> cuMemFreeHost;
    public readonly delegate* unmanaged<ulong, void*, nuint, nint, CudaResult> cuMemcpyHtoDAsync_v2;
    public readonly delegate* unmanaged<void*, ulong, nuint, nint, CudaResult> cuMemcpyDtoHAsync_v2;
    public readonly delegate* unmanaged<ulong, ulong, nuint, nint, CudaResult> cuMemcpyDtoDAsync_v2;
    public readonly delegate* unmanaged<ulong, uint, nuint, nint, CudaResult> cuMemsetD32Async;
    public readonly delegate* unmanaged<nint*, uint, CudaResult> cuStreamCreate;
    public readonly delegate* unmanaged<nint, CudaResult> cuStreamDestroy_v2;
    public readonly delegate* unmanaged<nint, CudaResult> cuStreamSynchronize;
    public readonly delegate* unmanaged<nint, nint, uint, CudaResult> cuStreamWaitEvent;
    public readonly delegate* unmanaged<nint, uint, CudaResult> cuStreamBeginCapture_v2;
    public readonly delegate* unmanaged<nint, nint*, CudaResult> cuStreamEndCapture;
    public readonly delegate* unmanaged<nint*, uint, CudaResult> cuEventCreate;
    public readonly delegate* unmanaged<nint, nint, CudaResult> cuEventRecord;
    public readonly delegate* unmanaged<nint, CudaResult> cuEventSynchronize;
    public readonly delegate* unmanaged<float*, nint, nint, CudaResult> cuEventElapsedTime;
    public readonly delegate* unmanaged<nint, CudaResult> cuEventDestroy_v2;
    public readonly delegate* unmanaged<nint*, void*, uint, CudaJitOption*, void**, CudaResult> cuModuleLoadDataEx;
    public readonly delegate* unmanaged<nint, CudaResult> cuModuleUnload;
    public readonly delegate* unmanaged<nint*, nint, byte*, CudaResult> cuModuleGetFunction;
    public readonly delegate* unmanaged<int*, CudaFunctionAttribute, nint, CudaResult> cuFuncGetAttribute;
    public readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, CudaResult> cuLaunchKernel;
    public readonly delegate* unmanaged<nint*, nint, ulong, CudaResult> cuGraphInstantiateWithFlags;
    public readonly delegate* unmanaged<nint, nint, CudaResult> cuGraphLaunch;
    public readonly delegate* unmanaged<nint, CudaResult> cuGraphExecDestroy;
    public readonly delegate* unmanaged<nint, CudaResult> cuGraphDestroy;
#pragma warning restore IDE1006

    /// <summary>Takes the functions from a loaded library; initializes nothing.</summary>
    /// <exception cref="CudaException">One is missing.</exception>
    public CudaDriver(nint library, string path)
    {
        nint Find(string name) => NativeLibrary.TryGetExport(library, name, out nint address)
            ? address
            : throw new CudaException($"{path} has no function {name}; install a newer NVIDIA driver (525 or later) or use --device cpu");

        cuInit = (delegate* unmanaged<uint, CudaResult>)Find("cuInit");
        cuDriverGetVersion = (delegate* unmanaged<int*, CudaResult>)Find("cuDriverGetVersion");
        cuGetErrorName = (delegate* unmanaged<CudaResult, byte**, CudaResult>)Find("cuGetErrorName");
        cuGetErrorString = (delegate* unmanaged<CudaResult, byte**, CudaResult>)Find("cuGetErrorString");
        cuDeviceGetCount = (delegate* unmanaged<int*, CudaResult>)Find("cuDeviceGetCount");
        cuDeviceGet = (delegate* unmanaged<int*, int, CudaResult>)Find("cuDeviceGet");
        cuDeviceGetName = (delegate* unmanaged<byte*, int, int, CudaResult>)Find("cuDeviceGetName");
        cuDeviceGetAttribute = (delegate* unmanaged<int*, CudaDeviceAttribute, int, CudaResult>)Find("cuDeviceGetAttribute");
        cuDeviceTotalMem_v2 = (delegate* unmanaged<nuint*, int, CudaResult>)Find("cuDeviceTotalMem_v2");
        cuDevicePrimaryCtxRetain = (delegate* unmanaged<nint*, int, CudaResult>)Find("cuDevicePrimaryCtxRetain");
        cuDevicePrimaryCtxRelease_v2 = (delegate* unmanaged<int, CudaResult>)Find("cuDevicePrimaryCtxRelease_v2");
        cuCtxSetCurrent = (delegate* unmanaged<nint, CudaResult>)Find("cuCtxSetCurrent");
        cuMemGetInfo_v2 = (delegate* unmanaged<nuint*, nuint*, CudaResult>)Find("cuMemGetInfo_v2");
        cuMemAlloc_v2 = (delegate* unmanaged<ulong*, nuint, CudaResult>)Find("cuMemAlloc_v2");
        cuMemFree_v2 = (delegate* unmanaged<ulong, CudaResult>)Find("cuMemFree_v2");
        cuMemHostAlloc = (delegate* unmanaged<void**, nuint, uint, CudaResult>)Find("cuMemHostAlloc");
        cuMemFreeHost = (delegate* unmanaged<void*, CudaResult>)Find("cuMemFreeHost");
        cuMemcpyHtoDAsync_v2 = (delegate* unmanaged<ulong, void*, nuint, nint, CudaResult>)Find("cuMemcpyHtoDAsync_v2");
        cuMemcpyDtoHAsync_v2 = (delegate* unmanaged<void*, ulong, nuint, nint, CudaResult>)Find("cuMemcpyDtoHAsync_v2");
        cuMemcpyDtoDAsync_v2 = (delegate* unmanaged<ulong, ulong, nuint, nint, CudaResult>)Find("cuMemcpyDtoDAsync_v2");
        cuMemsetD32Async = (delegate* unmanaged<ulong, uint, nuint, nint, CudaResult>)Find("cuMemsetD32Async");
        cuStreamCreate = (delegate* unmanaged<nint*, uint, CudaResult>)Find("cuStreamCreate");
        cuStreamDestroy_v2 = (delegate* unmanaged<nint, CudaResult>)Find("cuStreamDestroy_v2");
        cuStreamSynchronize = (delegate* unmanaged<nint, CudaResult>)Find("cuStreamSynchronize");
        cuStreamWaitEvent = (delegate* unmanaged<nint, nint, uint, CudaResult>)Find("cuStreamWaitEvent");
        cuStreamBeginCapture_v2 = (delegate* unmanaged<nint, uint, CudaResult>)Find("cuStreamBeginCapture_v2");
        cuStreamEndCapture = (delegate* unmanaged<nint, nint*, CudaResult>)Find("cuStreamEndCapture");
        cuEventCreate = (delegate* unmanaged<nint*, uint, CudaResult>)Find("cuEventCreate");
        cuEventRecord = (delegate* unmanaged<nint, nint, CudaResult>)Find("cuEventRecord");
        cuEventSynchronize = (delegate* unmanaged<nint, CudaResult>)Find("cuEventSynchronize");
        cuEventElapsedTime = (delegate* unmanaged<float*, nint, nint, CudaResult>)Find("cuEventElapsedTime");
        cuEventDestroy_v2 = (delegate* unmanaged<nint, CudaResult>)Find("cuEventDestroy_v2");
        cuModuleLoadDataEx = (delegate* unmanaged<nint*, void*, uint, CudaJitOption*, void**, CudaResult>)Find("cuModuleLoadDataEx");
        cuModuleUnload = (delegate* unmanaged<nint, CudaResult>)Find("cuModuleUnload");
        cuModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, CudaResult>)Find("cuModuleGetFunction");
        cuFuncGetAttribute = (delegate* unmanaged<int*, CudaFunctionAttribute, nint, CudaResult>)Find("cuFuncGetAttribute");
        cuLaunchKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, CudaResult>)Find("cuLaunchKernel");
        cuGraphInstantiateWithFlags = (delegate* unmanaged<nint*, nint, ulong, CudaResult>)Find("cuGraphInstantiateWithFlags");
        cuGraphLaunch = (delegate* unmanaged<nint, nint, CudaResult>)Find("cuGraphLaunch");
        cuGraphExecDestroy = (delegate* unmanaged<nint, CudaResult>)Find("cuGraphExecDestroy");
        cuGraphDestroy = (delegate* unmanaged<nint, CudaResult>)Find("cuGraphDestroy");
    }

    /// <summary>12.4 as 12040.</summary>
    public int Version
    {
        get
        {
            int version;
            Check(cuDriverGetVersion(&version), nameof(cuDriverGetVersion));
            return version;
        }
    }

    /// <summary>Throws where a call failed, with its name, the code and its meaning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Check(CudaResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != CudaResult.Success) throw Failure(result, call);
    }

    /// <summary>«cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY (2), out of memory; use a smaller batch».</summary>
    public CudaException Failure(CudaResult result, string call) =>
        new($"{CudaException.NameOf(call)} failed: {Text(cuGetErrorName, result) ?? "unknown error"} ({(int)result}), {Text(cuGetErrorString, result) ?? "no description"}{WayOut(result)}", (int)result);

    /// <summary>Whether the context cannot be used again after this: a fault of a kernel, or a device that is lost.</summary>
    public static bool IsFinal(CudaResult result) => result is CudaResult.DeviceUnavailable or CudaResult.EccUncorrectable or CudaResult.Unknown
        or (>= CudaResult.IllegalAddress and < CudaResult.SystemDriverMismatch and not CudaResult.LaunchOutOfResources);

    private static string? Text(delegate* unmanaged<CudaResult, byte**, CudaResult> describe, CudaResult result)
    {
        byte* text = null;
        return describe(result, &text) == CudaResult.Success ? Marshal.PtrToStringUTF8((nint)text) : null;
    }

    private static string WayOut(CudaResult result) => result switch
    {
        CudaResult.OutOfMemory => "; use a smaller batch, or close what else uses the device",
        CudaResult.NoDevice => "; this machine has the driver's library but no usable GPU: use --device cpu",
        CudaResult.StubLibrary => "; the library found is a toolkit's stub, not the driver: take its folder out of the library path",
        CudaResult.NoBinaryForGpu or CudaResult.InvalidPtx or CudaResult.UnsupportedPtxVersion => "; install a newer NVIDIA driver, or build the kernels with an older CUDA (build.sh Kernels)",
        CudaResult.SystemDriverMismatch => "; the driver's library and kernel module differ: restart the machine",
        CudaResult.IllegalAddress or CudaResult.LaunchFailed or CudaResult.MisalignedAddress or CudaResult.IllegalInstruction or CudaResult.HardwareStackError
            => "; the device's memory is lost: restart the program, from its last checkpoint where there is one",
        CudaResult.DeviceUnavailable or CudaResult.EccUncorrectable or CudaResult.Unknown
            => "; the device is lost: see nvidia-smi and the system's log, then restart the program, from its last checkpoint where there is one",
        _ => "",
    };
}
