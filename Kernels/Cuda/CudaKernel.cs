using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>A layer's place in a plan as the launches that it takes, the same ones each time.</summary>
internal sealed class CudaKernel : Kernel
{
    private Phase phase;

    /// <summary>Launches of a forward pass in training.</summary>
    public required CudaLaunch[] Train { get; init; }

    /// <summary>Launches of a forward pass in testing; as in training where null.</summary>
    public CudaLaunch[]? Test { get; init; }

    /// <summary>Launches of a backward pass.</summary>
    public CudaLaunch[] Back { get; init; } = [];

    /// <summary>Launches of a backward pass after a forward pass in testing; as in training where null.</summary>
    public CudaLaunch[]? BackOfTest { get; init; }

    /// <summary>Parameters that a forward pass in training changes.</summary>
    public IReadOnlyList<Parameter> Gathers { get; init; } = [];

    /// <summary>A count of training passes on the device, where the launches use one.</summary>
    public CudaCounter? Passes { get; init; }

    /// <summary>What else is freed with the kernel.</summary>
    public IDisposable? Owned { get; init; }

    public override void Forward(Phase phase)
    {
        this.phase = phase;
        Run(phase == Phase.Test && Test is not null ? Test : Train);
        if (phase == Phase.Train)
            for (int i = 0; i < Gathers.Count; i++) Gathers[i].MarkChanged();
    }

    public override void Backward() => Run(phase == Phase.Test && BackOfTest is not null ? BackOfTest : Back);

    public override void BeginPass(uint pass) => Passes?.Set(pass);

    protected override void Dispose(bool disposing)
    {
        Passes?.Dispose();
        Owned?.Dispose();
        base.Dispose(disposing);
    }

    private static void Run(CudaLaunch[] launches)
    {
        foreach (CudaLaunch launch in launches) launch.Run();
    }
}

/// <summary>A whole number on the device, which launches read and count up.</summary>
internal sealed class CudaCounter(CudaDevice device) : IDisposable
{
    private readonly CudaStorage storage = new(device, 1);

    public ulong Address => storage.Address;

    public void Set(uint value) => device.Fill(Address, value, 1);

    public void Dispose() => storage.Dispose();
}
