using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>A table of distances that never moves, so that kernels may keep its address for as long as they keep the table.</summary>
internal sealed unsafe class PinnedTable
{
    private readonly long[] values;

    public PinnedTable(IReadOnlyCollection<long> source)
    {
        values = GC.AllocateArray<long>(source.Count, pinned: true);
        int i = 0;
        foreach (long value in source) values[i++] = value;
    }

    public int Count => values.Length;

    public long* Pointer => (long*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(values));
}
