using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>x[c] ← scale[c] · x[c] + shift[c] in place; the border and the channel tail stay zero.</summary>
internal sealed unsafe class CpuChannelScale
{
    private readonly CpuTensor value;
    private readonly float[] scale, shift;      // stored channels

    private CpuChannelScale(Tensor tensor, double[] scale, double[] shift)
    {
        value = new CpuTensor(tensor);
        (this.scale, this.shift) = (new float[value.Planes * value.Lanes], new float[value.Planes * value.Lanes]);
        for (int c = 0; c < value.Channels; c++) (this.scale[c], this.shift[c]) = ((float)scale[c], (float)shift[c]);
    }

    public static void Apply(Tensor tensor, double[] scale, double[] shift, Threads threads)
    {
        var work = new CpuChannelScale(tensor, scale, shift);
        new CpuTensorPlanes(threads, work.value.AllPlanes, work.value.PlaneStride, work.Plane).Run();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Plane(int worker, int plane)
    {
        int first = plane % value.Planes * value.Lanes;
        Vector512<float> a, b;
        fixed (float* s = &scale[first], t = &shift[first])
        {
            a = value.Lanes == 1 ? Vector512.Create(*s) : Vector512.Load(s);
            b = value.Lanes == 1 ? Vector512.Create(*t) : Vector512.Load(t);
        }
        for (int h = 0; h < value.Height; h++)
        {
            float* row = value.Row(plane, h);
            int length = value.RowLength, i = 0;
            for (; i <= length - Lane.Count; i += Lane.Count) Vector512.MultiplyAddEstimate(Vector512.Load(row + i), a, b).Store(row + i);
            for (; i < length; i++) row[i] = float.MultiplyAddEstimate(row[i], a[0], b[0]);
        }
    }
}
