namespace EvenNet.Kernels.Cuda;

/// <summary>What a function of the CUDA driver returns: CUresult, the values that this program tells apart.</summary>
internal enum CudaResult
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    StubLibrary = 34,
    DeviceUnavailable = 46,
    NoDevice = 100,
    InvalidDevice = 101,
    InvalidImage = 200,
    InvalidContext = 201,
    NoBinaryForGpu = 209,
    InvalidPtx = 218,
    EccUncorrectable = 214,
    UnsupportedPtxVersion = 222,
    NotFound = 500,
    NotReady = 600,
    IllegalAddress = 700,
    LaunchOutOfResources = 701,
    LaunchTimeout = 702,
    Assert = 710,
    HardwareStackError = 714,
    IllegalInstruction = 715,
    MisalignedAddress = 716,
    LaunchFailed = 719,
    SystemDriverMismatch = 803,
    CaptureUnsupported = 900,
    CaptureInvalidated = 901,
    Unknown = 999,
}
