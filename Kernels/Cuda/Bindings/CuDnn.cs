using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// The functions of cuDNN 9 that this program calls: convolution and its two ways back, by the calls that all versions of it export from the one library
/// libcudnn. alpha and beta are float32 on the host.
/// </summary>
internal sealed unsafe class CuDnn
{
    /// <summary>The version whose calls and numbers these are.</summary>
    public const int Major = 9;

#pragma warning disable IDE1006 // The library's own names, so that its manual is the documentation.
    public readonly delegate* unmanaged<nuint> cudnnGetVersion;
    public readonly delegate* unmanaged<CudnnStatus, byte*> cudnnGetErrorString;
    public readonly delegate* unmanaged<byte*, nuint, void> cudnnGetLastErrorString;
    public readonly delegate* unmanaged<nint*, CudnnStatus> cudnnCreate;
    public readonly delegate* unmanaged<nint, CudnnStatus> cudnnDestroy;
    public readonly delegate* unmanaged<nint, nint, CudnnStatus> cudnnSetStream;
    public readonly delegate* unmanaged<nint*, CudnnStatus> cudnnCreateTensorDescriptor;
    public readonly delegate* unmanaged<nint, CudnnStatus> cudnnDestroyTensorDescriptor;
    public readonly delegate* unmanaged<nint, CudnnFormat, CudnnDataType, int, int, int, int, CudnnStatus> cudnnSetTensor4dDescriptor;
    public readonly delegate* unmanaged<nint*, CudnnStatus> cudnnCreateFilterDescriptor;
    public readonly delegate* unmanaged<nint, CudnnStatus> cudnnDestroyFilterDescriptor;
    public readonly delegate* unmanaged<nint, CudnnDataType, CudnnFormat, int, int, int, int, CudnnStatus> cudnnSetFilter4dDescriptor;
    public readonly delegate* unmanaged<nint*, CudnnStatus> cudnnCreateConvolutionDescriptor;
    public readonly delegate* unmanaged<nint, CudnnStatus> cudnnDestroyConvolutionDescriptor;
    public readonly delegate* unmanaged<nint, int, int, int, int, int, int, CudnnConvolutionMode, CudnnDataType, CudnnStatus> cudnnSetConvolution2dDescriptor;
    public readonly delegate* unmanaged<nint, int, CudnnStatus> cudnnSetConvolutionGroupCount;
    public readonly delegate* unmanaged<nint, CudnnMath, CudnnStatus> cudnnSetConvolutionMathType;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, CudnnAlgorithm*, CudnnStatus> cudnnGetConvolutionForwardAlgorithm_v7;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, CudnnAlgorithm*, CudnnStatus> cudnnGetConvolutionBackwardDataAlgorithm_v7;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, CudnnAlgorithm*, CudnnStatus> cudnnGetConvolutionBackwardFilterAlgorithm_v7;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, CudnnStatus> cudnnGetConvolutionForwardWorkspaceSize;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, CudnnStatus> cudnnGetConvolutionBackwardDataWorkspaceSize;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, CudnnStatus> cudnnGetConvolutionBackwardFilterWorkspaceSize;
    public readonly delegate* unmanaged<nint, float*, nint, ulong, nint, ulong, nint, int, ulong, nuint, float*, nint, ulong, CudnnStatus> cudnnConvolutionForward;
    public readonly delegate* unmanaged<nint, float*, nint, ulong, nint, ulong, nint, int, ulong, nuint, float*, nint, ulong, CudnnStatus> cudnnConvolutionBackwardData;
    public readonly delegate* unmanaged<nint, float*, nint, ulong, nint, ulong, nint, int, ulong, nuint, float*, nint, ulong, CudnnStatus> cudnnConvolutionBackwardFilter;
#pragma warning restore IDE1006

    /// <summary>Takes the functions from a loaded library; makes no context.</summary>
    /// <exception cref="CudaException">One is missing.</exception>
    public CuDnn(nint library, string path)
    {
        nint Find(string name) => NativeLibrary.TryGetExport(library, name, out nint address) ? address : throw new CudaException($"{path} has no function {name}");

        cudnnGetVersion = (delegate* unmanaged<nuint>)Find("cudnnGetVersion");
        cudnnGetErrorString = (delegate* unmanaged<CudnnStatus, byte*>)Find("cudnnGetErrorString");
        cudnnGetLastErrorString = (delegate* unmanaged<byte*, nuint, void>)Find("cudnnGetLastErrorString");
        cudnnCreate = (delegate* unmanaged<nint*, CudnnStatus>)Find("cudnnCreate");
        cudnnDestroy = (delegate* unmanaged<nint, CudnnStatus>)Find("cudnnDestroy");
        cudnnSetStream = (delegate* unmanaged<nint, nint, CudnnStatus>)Find("cudnnSetStream");
        cudnnCreateTensorDescriptor = (delegate* unmanaged<nint*, CudnnStatus>)Find("cudnnCreateTensorDescriptor");
        cudnnDestroyTensorDescriptor = (delegate* unmanaged<nint, CudnnStatus>)Find("cudnnDestroyTensorDescriptor");
        cudnnSetTensor4dDescriptor = (delegate* unmanaged<nint, CudnnFormat, CudnnDataType, int, int, int, int, CudnnStatus>)Find("cudnnSetTensor4dDescriptor");
        cudnnCreateFilterDescriptor = (delegate* unmanaged<nint*, CudnnStatus>)Find("cudnnCreateFilterDescriptor");
        cudnnDestroyFilterDescriptor = (delegate* unmanaged<nint, CudnnStatus>)Find("cudnnDestroyFilterDescriptor");
        cudnnSetFilter4dDescriptor = (delegate* unmanaged<nint, CudnnDataType, CudnnFormat, int, int, int, int, CudnnStatus>)Find("cudnnSetFilter4dDescriptor");
        cudnnCreateConvolutionDescriptor = (delegate* unmanaged<nint*, CudnnStatus>)Find("cudnnCreateConvolutionDescriptor");
        cudnnDestroyConvolutionDescriptor = (delegate* unmanaged<nint, CudnnStatus>)Find("cudnnDestroyConvolutionDescriptor");
        cudnnSetConvolution2dDescriptor = (delegate* unmanaged<nint, int, int, int, int, int, int, CudnnConvolutionMode, CudnnDataType, CudnnStatus>)Find("cudnnSetConvolution2dDescriptor");
        cudnnSetConvolutionGroupCount = (delegate* unmanaged<nint, int, CudnnStatus>)Find("cudnnSetConvolutionGroupCount");
        cudnnSetConvolutionMathType = (delegate* unmanaged<nint, CudnnMath, CudnnStatus>)Find("cudnnSetConvolutionMathType");
        cudnnGetConvolutionForwardAlgorithm_v7 =
            (delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, CudnnAlgorithm*, CudnnStatus>)Find("cudnnGetConvolutionForwardAlgorithm_v7");
        cudnnGetConvolutionBackwardDataAlgorithm_v7 =
            (delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, CudnnAlgorithm*, CudnnStatus>)Find("cudnnGetConvolutionBackwardDataAlgorithm_v7");
        cudnnGetConvolutionBackwardFilterAlgorithm_v7 =
            (delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, CudnnAlgorithm*, CudnnStatus>)Find("cudnnGetConvolutionBackwardFilterAlgorithm_v7");
        cudnnGetConvolutionForwardWorkspaceSize =
            (delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, CudnnStatus>)Find("cudnnGetConvolutionForwardWorkspaceSize");
        cudnnGetConvolutionBackwardDataWorkspaceSize =
            (delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, CudnnStatus>)Find("cudnnGetConvolutionBackwardDataWorkspaceSize");
        cudnnGetConvolutionBackwardFilterWorkspaceSize =
            (delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, CudnnStatus>)Find("cudnnGetConvolutionBackwardFilterWorkspaceSize");
        cudnnConvolutionForward =
            (delegate* unmanaged<nint, float*, nint, ulong, nint, ulong, nint, int, ulong, nuint, float*, nint, ulong, CudnnStatus>)Find("cudnnConvolutionForward");
        cudnnConvolutionBackwardData =
            (delegate* unmanaged<nint, float*, nint, ulong, nint, ulong, nint, int, ulong, nuint, float*, nint, ulong, CudnnStatus>)Find("cudnnConvolutionBackwardData");
        cudnnConvolutionBackwardFilter =
            (delegate* unmanaged<nint, float*, nint, ulong, nint, ulong, nint, int, ulong, nuint, float*, nint, ulong, CudnnStatus>)Find("cudnnConvolutionBackwardFilter");
    }

    /// <summary>9.6.0, from 90600; before 9 the major counted thousands. Needs no device.</summary>
    public Version Version
    {
        get
        {
            int number = (int)cudnnGetVersion();
            return number >= 10_000 * Major ? new Version(number / 10_000, number / 100 % 100, number % 100) : new Version(number / 1000, number / 100 % 10, number % 100);
        }
    }

    /// <summary>Whether a status says that a combination is not supported, in whatever detail.</summary>
    public static bool IsUnsupported(CudnnStatus status) => (int)status / 1000 == (int)CudnnStatus.NotSupported / 1000;

    /// <summary>Throws where a call failed: «cudnnSetStream failed: CUDNN_STATUS_BAD_PARAM (2000): what the library says».</summary>
    public void Check(CudnnStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != CudnnStatus.Success) throw Failure(status, call);
    }

    private CudaException Failure(CudnnStatus status, string call)
    {
        const int longest = 512;
        byte* text = stackalloc byte[longest];
        text[0] = 0;
        cudnnGetLastErrorString(text, longest);
        string said = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text)).Trim();
        string name = Marshal.PtrToStringUTF8((nint)cudnnGetErrorString(status)) ?? "unknown status";
        return new CudaException($"{CudaException.NameOf(call)} failed: {name} ({(int)status}){(said.Length == 0 ? "" : $": {said}")}", (int)status);
    }
}
