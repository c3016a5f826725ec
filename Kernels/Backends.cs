using System.Globalization;
using EvenNet.Framework;
using EvenNet.Kernels.Cpu;
using EvenNet.Kernels.Cuda;
using EvenNet.Kernels.Reference;

namespace EvenNet.Kernels;

/// <summary>Opens a backend by name.</summary>
public static class Backends
{
    /// <summary>The names that <see cref="Open"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cpu", "reference", "cuda"];

    /// <summary>Opens «cpu», «reference», «cuda» or «cuda:1»: a device that was named is never replaced by another.</summary>
    /// <param name="name">The backend.</param>
    /// <param name="threads">Threads of the cpu backend; 0 means one per processor.</param>
    /// <param name="precision">Of products and convolutions by the libraries of a cuda backend; the others know one only.</param>
    /// <param name="warn">Told what a cuda backend does otherwise than one might expect: libraries of the vendor that are there and cannot be used.</param>
    /// <exception cref="BackendException">There is no such backend, or its device is not there, or it does not know the precision.</exception>
    public static Backend Open(string name = "cpu", int threads = 0, Precision precision = Precision.Fp32, Action<string>? warn = null) => name switch
    {
        "cpu" or "reference" when precision != Precision.Fp32 => throw new BackendException(
            $"{name} computes in {(name == "cpu" ? "float32" : "float64")} only: {$"{precision}".ToLowerInvariant()} is for an NVIDIA GPU, --device cuda"),
        "cpu" => new CpuBackend(threads),
        "reference" => new ReferenceBackend(),
        "cuda" => new CudaBackend(0, new CudaOptions { Precision = precision, Warn = warn }),
        _ when name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int device) =>
            new CudaBackend(device, new CudaOptions { Precision = precision, Warn = warn }),
        _ => throw new BackendException($"no backend named {name}; there are {string.Join(", ", Names)}"),
    };
}
