using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Where a fixture runs: on the emulated device, in every order of threads, or on this machine's first GPU, whose order nobody chooses.</summary>
internal sealed class CudaPlace(bool gpu) : IDisposable
{
    private CudaDevice? device;

    /// <summary>The orders of threads that are tried.</summary>
    public IReadOnlyList<ThreadOrder> Orders => gpu ? [ThreadOrder.Ascending] : Enum.GetValues<ThreadOrder>();

    /// <summary>Ignores the tests, with the reason, where there is no such device.</summary>
    public void Require()
    {
        if (!gpu) _ = Emulator.Require();
        else if (CudaSystem.Devices(out string? problem).Count == 0) Assert.Ignore($"no GPU: {problem}");
        else device ??= CudaSystem.Open(0);
    }

    /// <summary>A backend for one test; on a GPU all tests of a fixture share the device.</summary>
    public CudaBackend Open(ThreadOrder order = ThreadOrder.Random) => device is null ? Emulator.Open(order) : new CudaBackend(device, ownsDevice: false);

    /// <summary>The GPU with the libraries that are found on this machine.</summary>
    public CudaBackend Open(CudaOptions options) => new(device!, ownsDevice: false, options, CudaLibraries.Load);

    public void Dispose() => device?.Dispose();
}
