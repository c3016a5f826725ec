using EvenNet.Framework;

namespace EvenNet.Kernels;

/// <summary>
/// Elements of float64 or float32 memory, read and written as double: lets a reference kernel, plain loops in double, serve both backends.
/// </summary>
internal readonly unsafe struct Numbers
{
    private readonly double* doubles;
    private readonly float* floats;

    public Numbers(Region region)
    {
        if (region.Storage is DoubleStorage d) doubles = d.Pointer + region.Offset;
        else floats = ((FloatStorage)region.Storage).Pointer + region.Offset;
    }

    public double this[long i]
    {
        get => doubles != null ? doubles[i] : floats[i];
        set
        {
            if (doubles != null) doubles[i] = value;
            else floats[i] = (float)value;
        }
    }
}
