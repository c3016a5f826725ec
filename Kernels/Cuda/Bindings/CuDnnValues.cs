namespace EvenNet.Kernels.Cuda;

/// <summary>cudnnStatus_t as numbered since cuDNN 9: thousands are the kind, the rest a detail.</summary>
internal enum CudnnStatus
{
    Success = 0,
    NotInitialized = 1001,
    BadParameter = 2000,
    NotSupported = 3000,
    InternalError = 4000,
    ExecutionFailed = 5000,
}

/// <summary>cudnnTensorFormat_t.</summary>
internal enum CudnnFormat
{
    Nchw = 0,
    Nhwc = 1,
}

/// <summary>cudnnDataType_t.</summary>
internal enum CudnnDataType
{
    Float = 0,
    Double = 1,
    Half = 2,
    Bfloat16 = 9,
}

/// <summary>cudnnConvolutionMode_t.</summary>
internal enum CudnnConvolutionMode
{
    Convolution = 0,
    CrossCorrelation = 1,
}

/// <summary>cudnnMathType_t: which arithmetic an algorithm may use.</summary>
internal enum CudnnMath
{
    /// <summary>On float32 data since Ampere TF32 is allowed.</summary>
    Default = 0,
    TensorOp = 1,
    TensorOpWithConversion = 2,

    /// <summary>Multiply-adds in float32 only.</summary>
    Fma = 3,
}

/// <summary>cudnnDeterminism_t.</summary>
internal enum CudnnDeterminism
{
    NonDeterministic = 0,
    Deterministic = 1,
}

/// <summary>
/// cudnnConvolutionFwdAlgoPerf_t and its two brothers, which lie alike: an algorithm by the number of its pass, and what is said of it.
/// </summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 48)]
internal struct CudnnAlgorithm
{
    [System.Runtime.InteropServices.FieldOffset(0)] public int Number;
    [System.Runtime.InteropServices.FieldOffset(4)] public CudnnStatus Status;
    [System.Runtime.InteropServices.FieldOffset(8)] public float Milliseconds;
    [System.Runtime.InteropServices.FieldOffset(16)] public nuint WorkspaceBytes;
    [System.Runtime.InteropServices.FieldOffset(24)] public CudnnDeterminism Determinism;
    [System.Runtime.InteropServices.FieldOffset(28)] public CudnnMath Math;
}
