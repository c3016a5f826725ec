namespace EvenNet.Kernels.Cuda;

/// <summary>CUdevice_attribute: what is asked of a device.</summary>
internal enum CudaDeviceAttribute
{
    WarpSize = 10,
    ClockRate = 13,
    MultiprocessorCount = 16,
    MemoryClockRate = 36,
    MemoryBusWidth = 37,
    L2CacheSize = 38,
    MaxThreadsPerMultiprocessor = 39,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
    MaxSharedMemoryPerBlockOptin = 97,
}

/// <summary>CUjit_option: what is told to the compiler inside the driver.</summary>
internal enum CudaJitOption
{
    InfoLogBuffer = 3,
    InfoLogBufferSizeBytes = 4,
    ErrorLogBuffer = 5,
    ErrorLogBufferSizeBytes = 6,
}

/// <summary>CUfunction_attribute: what is asked of a kernel.</summary>
internal enum CudaFunctionAttribute
{
    RegisterCount = 4,
    LocalBytes = 3,
    MaxDynamicSharedBytes = 8,
}

/// <summary>Flags of streams, events, host memory and captures, by their native values.</summary>
internal static class CudaFlags
{
    /// <summary>CU_STREAM_NON_BLOCKING.</summary>
    public const uint StreamNonBlocking = 1;

    /// <summary>CU_EVENT_DISABLE_TIMING.</summary>
    public const uint EventDisableTiming = 2;

    /// <summary>CU_MEMHOSTALLOC_DEVICEMAP: kernels can write to it.</summary>
    public const uint HostMapped = 2;

    /// <summary>CU_STREAM_CAPTURE_MODE_THREAD_LOCAL.</summary>
    public const uint CaptureThreadLocal = 1;
}
