using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Backends by name, the emulated CUDA device among them.</summary>
internal static class TestDevice
{
    /// <summary>The CUDA backend on the host emulator; tests that ask for it are ignored where it cannot be built.</summary>
    public const string Emulated = "emulated";

    public static Backend Open(string name, int threads = 1) => name == Emulated ? Cuda.Emulator.Open(Cuda.ThreadOrder.Random) : Backends.Open(name, threads);
}
