using System.Collections;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// One launch of a kernel with all its arguments, packed once: <c>new CudaLaunch(device, "curve_forward", grid) { count, curve, x, y }</c>. Running it
/// allocates nothing.
/// </summary>
internal sealed unsafe class CudaLaunch(CudaDevice device, string kernel, CudaGrid grid) : ICudaWork, IEnumerable
{
    private const int MostBytes = 512, MostArguments = 24;
    private readonly nint function = device.Function(kernel);
    private readonly byte[] bytes = GC.AllocateArray<byte>(MostBytes, pinned: true);
    private readonly nint[] arguments = GC.AllocateArray<nint>(MostArguments, pinned: true);
    private readonly List<int> sizes = [];
    private int used;

    /// <summary>Gives the kernel to the device.</summary>
    public void Run()
    {
        device.Launching?.Invoke(kernel, sizes);
        fixed (nint* first = arguments) device.Launch(kernel, function, grid, first);
    }

    public void Add(int value) => Append(value);

    public void Add(bool value) => Append(value ? 1 : 0);

    public void Add(uint value) => Append(value);

    public void Add(long value) => Append(value);

    /// <summary>An address on the device, or 64 random bits.</summary>
    public void Add(ulong value) => Append(value);

    public void Add(float value) => Append(value);

    public void Add(WindowSize value) => Append(value);

    public void Add(RoiSize value) => Append(value);

    public void Add(CropSize value) => Append(value);

    public void Add(Curve value) => Append(value);

    public void Add(InputList value) => Append(value);

    public void Add(UpdateRow value) => Append(value);

    public void Add(RateList value) => Append(value);

    /// <summary>Puts another value of the same size in an argument's place, for the runs that follow.</summary>
    public void Replace<T>(int argument, T value) where T : unmanaged
    {
        if (sizes[argument] != sizeof(T)) throw new ArgumentException($"argument {argument} of {kernel} has {sizes[argument]} bytes, got {sizeof(T)}");
        *(T*)arguments[argument] = value;
    }

    IEnumerator IEnumerable.GetEnumerator() => sizes.GetEnumerator();

    private void Append<T>(T value) where T : unmanaged
    {
        used = (used + sizeof(ulong) - 1) / sizeof(ulong) * sizeof(ulong);
        fixed (byte* first = bytes)
        {
            if (used + sizeof(T) > MostBytes) throw new InvalidOperationException($"{kernel} takes more than {MostBytes} bytes of arguments");
            *(T*)(first + used) = value;
            arguments[sizes.Count] = (nint)(first + used);
        }
        used += sizeof(T);
        sizes.Add(sizeof(T));
    }
}
