using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Marks as CUDA events on the stream of all work.</summary>
internal sealed unsafe class CudaClock : DeviceClock
{
    private readonly CudaDevice device;
    private readonly nint[] events;

    public CudaClock(CudaDevice device, int marks)
    {
        this.device = device;
        events = new nint[marks];
        device.MakeCurrent();
        for (int i = 0; i < marks; i++)
        {
            nint made;
            device.Check(device.Driver.cuEventCreate(&made, 0));
            events[i] = made;
        }
    }

    public override void Mark(int mark)
    {
        device.MakeCurrent();
        device.Check(device.Driver.cuEventRecord(events[mark], device.Stream));
    }

    public override double Seconds(int from, int to)
    {
        device.MakeCurrent();
        device.Check(device.Driver.cuEventSynchronize(events[to]));
        float milliseconds;
        device.Check(device.Driver.cuEventElapsedTime(&milliseconds, events[from], events[to]));
        return milliseconds / 1e3;
    }

    protected override void Dispose(bool disposing)
    {
        foreach (nint made in events) _ = device.Driver.cuEventDestroy_v2(made);
        Array.Clear(events);
    }
}
