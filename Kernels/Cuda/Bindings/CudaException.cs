using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>A CUDA device or library that is missing, or a call that failed: which one, with what code, and what can be done.</summary>
public sealed class CudaException(string message, int code = 0) : BackendException(message)
{
    /// <summary>The code that the native function returned; 0 where none was called.</summary>
    public int Code => code;

    /// <summary>«driver.cuMemAlloc_v2(&amp;address, …)» is cuMemAlloc_v2 to a reader.</summary>
    internal static string NameOf(string call) => call.Split('(')[0].Split('.')[^1];
}
