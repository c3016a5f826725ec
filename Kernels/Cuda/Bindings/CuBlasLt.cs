using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cuda;

/// <summary>The functions of cuBLASLt that this program calls: matrix products whose algorithm the caller chooses. The same in CUDA 12 and 13.</summary>
internal sealed unsafe class CuBlasLt
{
#pragma warning disable IDE1006 // The library's own names, so that its manual is the documentation.
    public readonly delegate* unmanaged<nuint> cublasLtGetVersion;
    public readonly delegate* unmanaged<CublasStatus, byte*> cublasLtGetStatusName;
    public readonly delegate* unmanaged<nint*, CublasStatus> cublasLtCreate;
    public readonly delegate* unmanaged<nint, CublasStatus> cublasLtDestroy;
    public readonly delegate* unmanaged<nint*, CublasComputeType, CudaDataType, CublasStatus> cublasLtMatmulDescCreate;
    public readonly delegate* unmanaged<nint, CublasStatus> cublasLtMatmulDescDestroy;
    public readonly delegate* unmanaged<nint, CublasLtProductAttribute, void*, nuint, CublasStatus> cublasLtMatmulDescSetAttribute;
    public readonly delegate* unmanaged<nint*, CudaDataType, ulong, ulong, long, CublasStatus> cublasLtMatrixLayoutCreate;
    public readonly delegate* unmanaged<nint, CublasStatus> cublasLtMatrixLayoutDestroy;
    public readonly delegate* unmanaged<nint*, CublasStatus> cublasLtMatmulPreferenceCreate;
    public readonly delegate* unmanaged<nint, CublasStatus> cublasLtMatmulPreferenceDestroy;
    public readonly delegate* unmanaged<nint, CublasLtPreferenceAttribute, void*, nuint, CublasStatus> cublasLtMatmulPreferenceSetAttribute;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, CublasLtHeuristic*, int*, CublasStatus> cublasLtMatmulAlgoGetHeuristic;
    public readonly delegate* unmanaged<nint, nint, float*, ulong, nint, ulong, nint, float*, ulong, nint, ulong, nint, void*, ulong, nuint, nint, CublasStatus> cublasLtMatmul;
#pragma warning restore IDE1006

    /// <summary>Takes the functions from a loaded library; makes no context.</summary>
    /// <exception cref="CudaException">One is missing.</exception>
    public CuBlasLt(nint library, string path)
    {
        nint Find(string name) => NativeLibrary.TryGetExport(library, name, out nint address) ? address : throw new CudaException($"{path} has no function {name}");

        cublasLtGetVersion = (delegate* unmanaged<nuint>)Find("cublasLtGetVersion");
        cublasLtGetStatusName = (delegate* unmanaged<CublasStatus, byte*>)Find("cublasLtGetStatusName");
        cublasLtCreate = (delegate* unmanaged<nint*, CublasStatus>)Find("cublasLtCreate");
        cublasLtDestroy = (delegate* unmanaged<nint, CublasStatus>)Find("cublasLtDestroy");
        cublasLtMatmulDescCreate = (delegate* unmanaged<nint*, CublasComputeType, CudaDataType, CublasStatus>)Find("cublasLtMatmulDescCreate");
        cublasLtMatmulDescDestroy = (delegate* unmanaged<nint, CublasStatus>)Find("cublasLtMatmulDescDestroy");
        cublasLtMatmulDescSetAttribute = (delegate* unmanaged<nint, CublasLtProductAttribute, void*, nuint, CublasStatus>)Find("cublasLtMatmulDescSetAttribute");
        cublasLtMatrixLayoutCreate = (delegate* unmanaged<nint*, CudaDataType, ulong, ulong, long, CublasStatus>)Find("cublasLtMatrixLayoutCreate");
        cublasLtMatrixLayoutDestroy = (delegate* unmanaged<nint, CublasStatus>)Find("cublasLtMatrixLayoutDestroy");
        cublasLtMatmulPreferenceCreate = (delegate* unmanaged<nint*, CublasStatus>)Find("cublasLtMatmulPreferenceCreate");
        cublasLtMatmulPreferenceDestroy = (delegate* unmanaged<nint, CublasStatus>)Find("cublasLtMatmulPreferenceDestroy");
        cublasLtMatmulPreferenceSetAttribute = (delegate* unmanaged<nint, CublasLtPreferenceAttribute, void*, nuint, CublasStatus>)Find("cublasLtMatmulPreferenceSetAttribute");
        cublasLtMatmulAlgoGetHeuristic = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, CublasLtHeuristic*, int*, CublasStatus>)Find("cublasLtMatmulAlgoGetHeuristic");
        cublasLtMatmul = (delegate* unmanaged<nint, nint, float*, ulong, nint, ulong, nint, float*, ulong, nint, ulong, nint, void*, ulong, nuint, nint, CublasStatus>)Find("cublasLtMatmul");
    }

    /// <summary>12.4.5, from 120405; needs no device.</summary>
    public Version Version => VersionOf((int)cublasLtGetVersion());

    /// <summary>Throws where a call failed: «cublasLtMatmul failed: CUBLAS_STATUS_NOT_SUPPORTED (15)».</summary>
    public void Check(CublasStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != CublasStatus.Success)
            throw new CudaException($"{CudaException.NameOf(call)} failed: {Marshal.PtrToStringUTF8((nint)cublasLtGetStatusName(status)) ?? "unknown status"} ({(int)status})", (int)status);
    }

    // major · 10000 + minor · 100 + patch.
    private static Version VersionOf(int number) => new(number / 10_000, number / 100 % 100, number % 100);
}
