using EvenNet.Framework;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Memory, faults and ends of a device, on the emulated one.</summary>
public sealed class CudaDeviceTests
{
    [Test]
    public void A_closed_backend_has_given_everything_back()
    {
        Emulator emulator = Emulator.Require();
        (long bytes, int contexts) = (emulator.UsedBytes, emulator.Contexts);
        using (CudaBackend cuda = emulator.Open())
        {
            _ = LayerRun.Of(Every.LayerCase.First(), cuda);
            Assert.That(emulator.Contexts, Is.EqualTo(contexts + 1));
            _ = cuda.SquaredNorm(default(Region) with { Count = 0 });
        }
        Assert.That(emulator.UsedBytes, Is.EqualTo(bytes));
        Assert.That(emulator.Contexts, Is.EqualTo(contexts));
    }

    [Test]
    public void A_thousand_steps_take_no_more_memory_than_one()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open();
        Node label = Node.Input("label", 1);
        Graph graph = Graph.Of(Node.Input("data", 4).InnerProduct("a", 5).Relu().Dropout().InnerProduct("b", 3).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, cuda);
        using var net = new Net(parameters, batch: 2);
        using var solver = new SgdSolver(parameters) { Rate = Schedule.Fixed(0.01f) };
        long afterOne = 0;
        for (int step = 0; step < 1000; step++)
        {
            net.Load(graph["data"], [1f, 2, 3, 4, 5, 6, 7, 8]);
            net.Load(label, [0f, 2]);
            net.Forward();
            net.Backward();
            solver.Step();
            if (step == 0) afterOne = emulator.UsedBytes;
        }
        Assert.That(double.IsFinite(net.Loss));
        Assert.That(emulator.UsedBytes, Is.EqualTo(afterOne));
    }

    [Test]
    public void Memory_that_is_not_there_is_told_with_what_is_needed_and_what_is_free()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open();
        emulator.Reset(memoryBytes: 64 << 20);
        Assert.That(() => cuda.Allocate(32 << 20), Throws.InstanceOf<OutOfMemoryException>().With.Message.Match(
            @"^no memory on cuda:0 \(host emulator\) for a block of 128 MB: 6[34] of 64 MB are free; use a smaller batch$"));
        using Storage less = cuda.Allocate(1 << 20);
        Assert.That(less.Bytes, Is.EqualTo(4 << 20), "the device goes on");
    }

    [Test]
    public void A_fault_is_told_when_the_host_waits_and_ever_after_and_the_end_is_orderly()
    {
        Emulator emulator = Emulator.Require();
        CudaBackend cuda = emulator.Open();
        Storage storage = cuda.Allocate(10);
        emulator.Reset(failingLaunch: 1);
        var value = new Tensor(new Region(storage, 0, 10), 1, new Shape(10), Layout.Plain);
        cuda.ScaleChannels(value, new double[10], new double[10]);
        Assert.That(cuda.Wait, Throws.TypeOf<CudaException>().With.Message.Contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)").And.Message.Contains("from its last checkpoint"));
        emulator.Reset();
        Assert.That(() => value.Read(), Throws.TypeOf<CudaException>().With.Message.Contains("cuStreamSynchronize failed: CUDA_ERROR_ILLEGAL_ADDRESS"), "the first fault, not the last");
        Assert.That(storage.Dispose, Throws.Nothing);
        Assert.That(cuda.Dispose, Throws.Nothing);
    }

    [Test]
    public void Everything_can_be_used_and_freed_on_another_thread()
    {
        Emulator emulator = Emulator.Require();
        CudaBackend cuda = emulator.Open();
        Storage storage = cuda.Allocate(3);
        Task.Run(() => storage.Write(0, [1f, 2, 3])).Wait();
        float[] read = new float[3];
        Task.Run(() => storage.Read(0, read)).Wait();
        Assert.That(read, Is.EqualTo((float[])[1, 2, 3]));
        Task.Run(storage.Dispose).Wait();
        Task.Run(cuda.Dispose).Wait();
        Assert.That(() => cuda.Allocate(1), Throws.TypeOf<ObjectDisposedException>());
    }
}
