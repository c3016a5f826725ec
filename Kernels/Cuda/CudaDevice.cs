using System.Text;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// One CUDA device: its primary context, the stream that all work goes to, the kernels, and copies through pinned memory. The context is made current
/// by every call, so any thread may use the device; work runs in the order in which it was given.
/// </summary>
internal sealed unsafe class CudaDevice : IDisposable
{
    // Makes every launch wait and name itself, so that a fault is told of where it happens.
    private const string CheckVariable = "EVENNET_CUDA_CHECK";
    private readonly Dictionary<string, nint> functions = new(StringComparer.Ordinal);
    private readonly List<CudaFault> faults = [];
    private readonly bool checksLaunches = Environment.GetEnvironmentVariable(CheckVariable) is { Length: > 0 };
    private readonly int device;
    private readonly nint context, module;
    private readonly CudaStaging staging, inlets;
    private CudaException? broken;
    private bool isDisposed;

    /// <summary>Takes a device of a driver, and loads the kernels.</summary>
    /// <exception cref="CudaException">There is no such device, or it cannot run the kernels.</exception>
    public CudaDevice(CudaDriver driver, int ordinal)
    {
        Driver = driver;
        Ordinal = ordinal;
        int count = CudaSystem.Count(driver);
        if (ordinal < 0 || ordinal >= count)
            throw new CudaException($"there is no device cuda:{ordinal}: {(count == 1 ? "the only one is cuda:0" : $"there are {count}, cuda:0 to cuda:{count - 1}")}", (int)CudaResult.InvalidDevice);
        int id;
        driver.Check(driver.cuDeviceGet(&id, ordinal));
        device = id;
        nint made;
        driver.Check(driver.cuDevicePrimaryCtxRetain(&made, device));
        context = made;
        MakeCurrent();
        nint stream;
        Check(driver.cuStreamCreate(&stream, CudaFlags.StreamNonBlocking));
        Stream = stream;
        module = CudaModule.Load(driver);
        int cores, major, minor;
        Check(driver.cuStreamCreate(&stream, CudaFlags.StreamNonBlocking));
        CopyStream = stream;
        staging = new CudaStaging(this, Stream);
        inlets = new CudaStaging(this, CopyStream);
        Check(driver.cuDeviceGetAttribute(&cores, CudaDeviceAttribute.MultiprocessorCount, device));
        Check(driver.cuDeviceGetAttribute(&major, CudaDeviceAttribute.ComputeCapabilityMajor, device));
        Check(driver.cuDeviceGetAttribute(&minor, CudaDeviceAttribute.ComputeCapabilityMinor, device));
        Name = CudaSystem.NameOf(driver, device);
        Multiprocessors = cores;
        ComputeCapability = (major, minor);
    }

    /// <summary>The functions behind it.</summary>
    public CudaDriver Driver { get; }

    /// <summary>Which one: cuda:0 is the first.</summary>
    public int Ordinal { get; }

    /// <summary>«NVIDIA H200».</summary>
    public string Name { get; }

    /// <summary>Blocks of threads that run beside each other at the least.</summary>
    public int Multiprocessors { get; }

    /// <summary>9 and 0 for Hopper.</summary>
    public (int Major, int Minor) ComputeCapability { get; }

    /// <summary>Whether the device has failed so that nothing runs on it any more.</summary>
    public bool IsBroken => broken is not null;

    /// <summary>Whether every launch is waited for; nothing can be recorded then.</summary>
    public bool ChecksLaunches => checksLaunches;

    /// <summary>Sees each launch's kernel and the bytes of its arguments before the device does; for tests.</summary>
    public Action<string, IReadOnlyList<int>>? Launching { get; set; }

    /// <summary>The stream of all work.</summary>
    public nint Stream { get; }

    /// <summary>The stream of data that come while work runs; only events keep it in order with the other.</summary>
    public nint CopyStream { get; }

    /// <summary>Bytes that are free, and all.</summary>
    public (long Free, long Total) Memory
    {
        get
        {
            MakeCurrent();
            nuint free, total;
            Check(Driver.cuMemGetInfo_v2(&free, &total));
            return ((long)free, (long)total);
        }
    }

    /// <summary>A kernel by its name.</summary>
    public nint Function(string name)
    {
        lock (functions)
        {
            if (functions.TryGetValue(name, out nint known)) return known;
            MakeCurrent();
            nint function;
            fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0")) Check(Driver.cuModuleGetFunction(&function, module, text), $"cuModuleGetFunction({name})");
            return functions[name] = function;
        }
    }

    /// <summary>Memory that holds zeros, once the work before it is done.</summary>
    /// <exception cref="InsufficientMemoryException">There is no room; the message says how much is needed and how much is free.</exception>
    public ulong Allocate(long bytes)
    {
        MakeCurrent();
        ulong address;
        CudaResult result = Driver.cuMemAlloc_v2(&address, (nuint)bytes);
        if (result == CudaResult.OutOfMemory)
        {
            (long free, long total) = Memory;
            throw new InsufficientMemoryException($"no memory on cuda:{Ordinal} ({Name}) for a block of {bytes >> 20:N0} MB: {free >> 20:N0} of {total >> 20:N0} MB are free; use a smaller batch");
        }
        Check(result, "cuMemAlloc_v2");
        Fill(address, 0, bytes / sizeof(uint));
        return address;
    }

    /// <summary>Gives memory back, after all work that was given; also on a device that has failed.</summary>
    public void Free(ulong address)
    {
        if (address == 0 || isDisposed) return;
        _ = Driver.cuCtxSetCurrent(context);
        CudaResult result = Driver.cuMemFree_v2(address);
        // What the device lost before is told of where it is waited for; disposal itself goes on.
        if (result != CudaResult.Success && CudaDriver.IsFinal(result)) broken ??= Driver.Failure(result, nameof(Driver.cuMemFree_v2));
    }

    /// <summary>Sets words of 32 bits.</summary>
    public void Fill(ulong address, uint value, long count)
    {
        MakeCurrent();
        if (count > 0) Check(Driver.cuMemsetD32Async(address, value, (nuint)count, Stream));
    }

    /// <summary>Copies within the device's memory.</summary>
    public void Copy(ulong from, ulong to, long bytes)
    {
        MakeCurrent();
        if (bytes > 0) Check(Driver.cuMemcpyDtoDAsync_v2(to, from, (nuint)bytes, Stream));
    }

    /// <inheritdoc cref="CudaStaging.Write{T}"/>
    public void Write<T>(ulong address, ReadOnlySpan<T> from) where T : unmanaged => staging.Write(address, from);

    /// <summary>Copies to the device on <see cref="CopyStream"/>, whatever the other stream is at.</summary>
    public void Stage<T>(ulong address, ReadOnlySpan<T> from) where T : unmanaged => inlets.Write(address, from);

    /// <inheritdoc cref="CudaStaging.Read{T}"/>
    public void Read<T>(ulong address, Span<T> to) where T : unmanaged => staging.Read(address, to);

    /// <summary>Gives a kernel to the stream.</summary>
    public void Launch(string name, nint function, in CudaGrid grid, nint* arguments)
    {
        MakeCurrent();
        CudaResult result = Driver.cuLaunchKernel(function, grid.X, grid.Y, grid.Z, grid.BlockX, grid.BlockY, 1, grid.SharedBytes, Stream, (void**)arguments, null);
        if (result == CudaResult.Success && checksLaunches) result = Driver.cuStreamSynchronize(Stream);
        if (result != CudaResult.Success) throw Failed(Driver.Failure(result, $"cuLaunchKernel of {name}"));
    }

    /// <summary>Takes down what <paramref name="enqueue"/> gives to the device, without running it.</summary>
    /// <exception cref="CudaException">It allocates or waits, which a recording cannot hold.</exception>
    public CudaRecording Record(Action enqueue)
    {
        MakeCurrent();
        Check(Driver.cuStreamBeginCapture_v2(Stream, CudaFlags.CaptureThreadLocal));
        nint graph = 0, instance;
        try
        {
            enqueue();
        }
        catch
        {
            _ = Driver.cuStreamEndCapture(Stream, &graph);
            if (graph != 0) _ = Driver.cuGraphDestroy(graph);
            throw;
        }
        Check(Driver.cuStreamEndCapture(Stream, &graph));
        CudaResult result = Driver.cuGraphInstantiateWithFlags(&instance, graph, 0);
        _ = Driver.cuGraphDestroy(graph);
        Check(result, nameof(Driver.cuGraphInstantiateWithFlags));
        return new CudaRecording(this, instance);
    }

    /// <summary>Returns when all work is done; tells what kernels found wrong with their data.</summary>
    public void Wait()
    {
        MakeCurrent();
        Check(Driver.cuStreamSynchronize(Stream));
        lock (faults)
            foreach (CudaFault fault in faults) fault.Raise();
    }

    /// <summary>Has <see cref="Wait"/> look at a place where a kernel says what is wrong with its data.</summary>
    public void Watch(CudaFault fault)
    {
        lock (faults) faults.Add(fault);
    }

    /// <summary>Ends <see cref="Watch"/>.</summary>
    public void Forget(CudaFault fault)
    {
        lock (faults) faults.Remove(fault);
    }

    /// <summary>Throws where a call failed. A device that has failed once fails with the first error ever after.</summary>
    public void Check(CudaResult result, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != CudaResult.Success) throw Failed(Driver.Failure(result, call));
    }

    /// <summary>Frees the stream, the kernels and the context; from any thread.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        _ = Driver.cuCtxSetCurrent(context);
        staging.Dispose();
        inlets.Dispose();
        _ = Driver.cuStreamDestroy_v2(CopyStream);
        _ = Driver.cuStreamDestroy_v2(Stream);
        _ = Driver.cuModuleUnload(module);
        isDisposed = true;
        _ = Driver.cuDevicePrimaryCtxRelease_v2(device);
    }

    /// <summary>Makes the context this thread's; throws where the device has failed.</summary>
    public void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (broken is not null) throw new CudaException(broken.Message, broken.Code);
        Driver.Check(Driver.cuCtxSetCurrent(context));
    }

    private CudaException Failed(CudaException error)
    {
        // These leave the context unusable; other codes refuse one call.
        if (CudaDriver.IsFinal((CudaResult)error.Code)) broken ??= error;
        return error;
    }
}
