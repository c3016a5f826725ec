using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// The functions of cuBLAS that this program calls, by their exported names, from one loaded library. The same in CUDA 12 and 13. Matrices lie column by
/// column; alpha and beta are read on the host when the call is made.
/// </summary>
internal sealed unsafe class CuBlas
{
#pragma warning disable IDE1006 // The library's own names, so that its manual is the documentation.
    public readonly delegate* unmanaged<CudaLibraryProperty, int*, CublasStatus> cublasGetProperty;
    public readonly delegate* unmanaged<CublasStatus, byte*> cublasGetStatusName;
    public readonly delegate* unmanaged<nint*, CublasStatus> cublasCreate_v2;
    public readonly delegate* unmanaged<nint, CublasStatus> cublasDestroy_v2;
    public readonly delegate* unmanaged<nint, nint, CublasStatus> cublasSetStream_v2;
    public readonly delegate* unmanaged<nint, void*, nuint, CublasStatus> cublasSetWorkspace_v2;
    public readonly delegate* unmanaged<nint, CublasMath, CublasStatus> cublasSetMathMode;
    public readonly delegate* unmanaged<nint, CublasOperation, CublasOperation, int, int, int, float*, ulong, CudaDataType, int, ulong, CudaDataType, int, float*, ulong, CudaDataType, int,
        CublasComputeType, CublasGemmAlgorithm, CublasStatus> cublasGemmEx;
#pragma warning restore IDE1006

    /// <summary>Takes the functions from a loaded library; makes no context.</summary>
    /// <exception cref="CudaException">One is missing.</exception>
    public CuBlas(nint library, string path)
    {
        nint Find(string name) => NativeLibrary.TryGetExport(library, name, out nint address) ? address : throw new CudaException($"{path} has no function {name}");

        cublasGetProperty = (delegate* unmanaged<CudaLibraryProperty, int*, CublasStatus>)Find("cublasGetProperty");
        cublasGetStatusName = (delegate* unmanaged<CublasStatus, byte*>)Find("cublasGetStatusName");
        cublasCreate_v2 = (delegate* unmanaged<nint*, CublasStatus>)Find("cublasCreate_v2");
        cublasDestroy_v2 = (delegate* unmanaged<nint, CublasStatus>)Find("cublasDestroy_v2");
        cublasSetStream_v2 = (delegate* unmanaged<nint, nint, CublasStatus>)Find("cublasSetStream_v2");
        cublasSetWorkspace_v2 = (delegate* unmanaged<nint, void*, nuint, CublasStatus>)Find("cublasSetWorkspace_v2");
        cublasSetMathMode = (delegate* unmanaged<nint, CublasMath, CublasStatus>)Find("cublasSetMathMode");
        cublasGemmEx = (delegate* unmanaged<nint, CublasOperation, CublasOperation, int, int, int, float*, ulong, CudaDataType, int, ulong, CudaDataType, int, float*, ulong, CudaDataType, int,
            CublasComputeType, CublasGemmAlgorithm, CublasStatus>)Find("cublasGemmEx");
    }

    /// <summary>13.0.1; needs no device.</summary>
    public Version Version
    {
        get
        {
            int major, minor, patch;
            Check(cublasGetProperty(CudaLibraryProperty.Major, &major));
            Check(cublasGetProperty(CudaLibraryProperty.Minor, &minor));
            Check(cublasGetProperty(CudaLibraryProperty.Patch, &patch));
            return new Version(major, minor, patch);
        }
    }

    /// <summary>Throws where a call failed: «cublasCreate_v2 failed: CUBLAS_STATUS_NOT_INITIALIZED (1)».</summary>
    public void Check(CublasStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != CublasStatus.Success)
            throw new CudaException($"{CudaException.NameOf(call)} failed: {Marshal.PtrToStringUTF8((nint)cublasGetStatusName(status)) ?? "unknown status"} ({(int)status})", (int)status);
    }
}
