using EvenNet.Framework;
using EvenNet.Kernels.Cpu;
using EvenNet.Kernels.Reference;

namespace EvenNet.Kernels;

/// <summary>Opens a backend by name.</summary>
public static class Backends
{
    /// <summary>The names that <see cref="Open"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cpu", "reference"];

    /// <summary>Opens «cpu» or «reference».</summary>
    /// <param name="name">The backend.</param>
    /// <param name="threads">Threads of the cpu backend; 0 means one per processor.</param>
    /// <exception cref="BackendException">There is no such backend.</exception>
    public static Backend Open(string name = "cpu", int threads = 0) => name switch
    {
        "cpu" => new CpuBackend(threads),
        "reference" => new ReferenceBackend(),
        _ => throw new BackendException($"no backend named {name}; there are {string.Join(", ", Names)}"),
    };
}
