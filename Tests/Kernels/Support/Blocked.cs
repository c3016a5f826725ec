using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

/// <summary>Between N×C×H×W arrays and memory in a <see cref="HaloLayout"/>.</summary>
internal static unsafe class Blocked
{
    public static CpuMemory From(float[] values, HaloLayout layout, int batch)
    {
        var memory = new CpuMemory(batch * layout.Sample);
        int i = 0;
        for (int n = 0; n < batch; n++)
            for (int c = 0; c < layout.Channels; c++)
                for (int h = 0; h < layout.Height; h++)
                    for (int w = 0; w < layout.Width; w++)
                        memory.Pointer[n * layout.Sample + layout.At(c / layout.Lanes, h, w) + c % layout.Lanes] = values[i++];
        return memory;
    }

    public static CpuMemory Filled(HaloLayout layout, int batch, float value)
    {
        var memory = new CpuMemory(layout.Lanes == 0 ? 0 : batch * layout.Sample);
        new Span<float>(memory.Pointer, (int)memory.Count).Fill(value);
        return memory;
    }

    public static float[] To(CpuMemory memory, HaloLayout layout, int batch, bool paddingIsZero)
    {
        var values = new List<float>();
        var rest = new Span<float>(memory.Pointer, (int)memory.Count).ToArray();
        for (int n = 0; n < batch; n++)
            for (int c = 0; c < layout.Channels; c++)
                for (int h = 0; h < layout.Height; h++)
                    for (int w = 0; w < layout.Width; w++)
                    {
                        long at = n * layout.Sample + layout.At(c / layout.Lanes, h, w) + c % layout.Lanes;
                        values.Add(rest[at]);
                        rest[at] = 0;
                    }
        if (paddingIsZero) Assert.That(Array.FindIndex(rest, v => v != 0), Is.EqualTo(-1), $"halo and last lanes of {layout} are zero");
        return [.. values];
    }
}
