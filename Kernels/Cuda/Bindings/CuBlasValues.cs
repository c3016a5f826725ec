namespace EvenNet.Kernels.Cuda;

/// <summary>cublasStatus_t: what a function of cuBLAS and cuBLASLt returns.</summary>
internal enum CublasStatus
{
    Success = 0,
    NotInitialized = 1,
    AllocFailed = 3,
    InvalidValue = 7,
    ArchMismatch = 8,
    MappingError = 11,
    ExecutionFailed = 13,
    InternalError = 14,
    NotSupported = 15,
}

/// <summary>cublasOperation_t: whether an operand is transposed.</summary>
internal enum CublasOperation
{
    None = 0,
    Transpose = 1,
}

/// <summary>cublasFillMode_t: which triangle of a symmetric matrix is read.</summary>
internal enum CublasFillMode
{
    Lower = 0,
    Upper = 1,
}

/// <summary>cublasMath_t: what the library may do where the compute type does not say.</summary>
internal enum CublasMath
{
    /// <summary>At least the precision that is asked for: no TF32.</summary>
    Default = 0,
    Pedantic = 2,
    Tf32TensorOp = 3,
}

/// <summary>cublasComputeType_t: in what products are made and added.</summary>
internal enum CublasComputeType
{
    Float32 = 68,
    Float32Pedantic = 69,
    Float32FastBfloat16 = 75,
    Float32FastTf32 = 77,
}

/// <summary>cudaDataType_t: what a matrix holds.</summary>
internal enum CudaDataType
{
    Float32 = 0,
    Float64 = 1,
    Float16 = 2,
    Bfloat16 = 14,
}

/// <summary>cublasGemmAlgo_t.</summary>
internal enum CublasGemmAlgorithm
{
    Default = -1,
}

/// <summary>libraryPropertyType: parts of a version.</summary>
internal enum CudaLibraryProperty
{
    Major = 0,
    Minor = 1,
    Patch = 2,
}

/// <summary>cublasLtMatmulDescAttributes_t.</summary>
internal enum CublasLtProductAttribute
{
    TransposeA = 3,
    TransposeB = 4,
    Epilogue = 7,
    BiasPointer = 8,
}

/// <summary>cublasLtMatmulPreferenceAttributes_t.</summary>
internal enum CublasLtPreferenceAttribute
{
    MaxWorkspaceBytes = 1,
    MinAlignmentABytes = 5,
    MinAlignmentBBytes = 6,
    MinAlignmentCBytes = 7,
    MinAlignmentDBytes = 8,
}

/// <summary>cublasLtMatmulHeuristicResult_t: an algorithm, opaque, and what it needs.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 96)]
internal unsafe struct CublasLtHeuristic
{
    public const int AlgorithmBytes = 64;

    [System.Runtime.InteropServices.FieldOffset(0)] public fixed byte Algorithm[AlgorithmBytes];
    [System.Runtime.InteropServices.FieldOffset(64)] public nuint WorkspaceBytes;
    [System.Runtime.InteropServices.FieldOffset(72)] public CublasStatus State;
    [System.Runtime.InteropServices.FieldOffset(76)] public float Waves;
}
