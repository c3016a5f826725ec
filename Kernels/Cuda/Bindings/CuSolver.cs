using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cuda;

/// <summary>cusolverStatus_t: what a function of cuSOLVER returns.</summary>
internal enum CusolverStatus
{
    Success = 0,
    NotInitialized = 1,
    AllocFailed = 2,
    InvalidValue = 3,
    ArchMismatch = 4,
    ExecutionFailed = 6,
    InternalError = 7,
}

/// <summary>cusolverEigMode_t.</summary>
internal enum CusolverEigenMode
{
    ValuesOnly = 0,
    Vectors = 1,
}

/// <summary>The functions of cuSOLVER that this program calls: eigenvectors of a symmetric matrix. The same from CUDA 10 to 13.</summary>
internal sealed unsafe class CuSolver
{
#pragma warning disable IDE1006 // The library's own names, so that its manual is the documentation.
    public readonly delegate* unmanaged<CudaLibraryProperty, int*, CusolverStatus> cusolverGetProperty;
    public readonly delegate* unmanaged<nint*, CusolverStatus> cusolverDnCreate;
    public readonly delegate* unmanaged<nint, CusolverStatus> cusolverDnDestroy;
    public readonly delegate* unmanaged<nint, nint, CusolverStatus> cusolverDnSetStream;
    public readonly delegate* unmanaged<nint, CusolverEigenMode, CublasFillMode, int, ulong, int, ulong, int*, CusolverStatus> cusolverDnSsyevd_bufferSize;
    public readonly delegate* unmanaged<nint, CusolverEigenMode, CublasFillMode, int, ulong, int, ulong, ulong, int, ulong, CusolverStatus> cusolverDnSsyevd;
#pragma warning restore IDE1006

    /// <summary>Takes the functions from a loaded library; makes no context.</summary>
    /// <exception cref="CudaException">One is missing.</exception>
    public CuSolver(nint library, string path)
    {
        nint Find(string name) => NativeLibrary.TryGetExport(library, name, out nint address) ? address : throw new CudaException($"{path} has no function {name}");

        cusolverGetProperty = (delegate* unmanaged<CudaLibraryProperty, int*, CusolverStatus>)Find("cusolverGetProperty");
        cusolverDnCreate = (delegate* unmanaged<nint*, CusolverStatus>)Find("cusolverDnCreate");
        cusolverDnDestroy = (delegate* unmanaged<nint, CusolverStatus>)Find("cusolverDnDestroy");
        cusolverDnSetStream = (delegate* unmanaged<nint, nint, CusolverStatus>)Find("cusolverDnSetStream");
        cusolverDnSsyevd_bufferSize = (delegate* unmanaged<nint, CusolverEigenMode, CublasFillMode, int, ulong, int, ulong, int*, CusolverStatus>)Find("cusolverDnSsyevd_bufferSize");
        cusolverDnSsyevd = (delegate* unmanaged<nint, CusolverEigenMode, CublasFillMode, int, ulong, int, ulong, ulong, int, ulong, CusolverStatus>)Find("cusolverDnSsyevd");
    }

    /// <summary>11.6.1; needs no device.</summary>
    public Version Version
    {
        get
        {
            int major, minor, patch;
            Check(cusolverGetProperty(CudaLibraryProperty.Major, &major));
            Check(cusolverGetProperty(CudaLibraryProperty.Minor, &minor));
            Check(cusolverGetProperty(CudaLibraryProperty.Patch, &patch));
            return new Version(major, minor, patch);
        }
    }

    /// <summary>Throws where a call failed: «cusolverDnCreate failed: NotInitialized (1)».</summary>
    public void Check(CusolverStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != CusolverStatus.Success) throw new CudaException($"{CudaException.NameOf(call)} failed: {status} ({(int)status})", (int)status);
    }
}
