using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed unsafe class CpuMemoryTests
{
    [TestCase(0, 64)]
    [TestCase(1, 64)]
    [TestCase(1000, 64)]
    [TestCase(3 << 20, 2 << 20)]
    public void A_block_is_zero_and_aligned(long count, int alignment)
    {
        using var memory = new CpuMemory(count);
        Assert.That((nuint)memory.Pointer % (nuint)alignment, Is.EqualTo((nuint)0));
        Assert.That(memory.Count, Is.EqualTo(count));
        Assert.That(new Span<float>(memory.Pointer, (int)count).IndexOfAnyExcept(0f), Is.EqualTo(-1));
        for (long i = 0; i < count; i++) memory.Pointer[i] = i;
    }

    [Test]
    public void A_disposed_block_has_no_pointer()
    {
        var memory = new CpuMemory(100);
        memory.Dispose();
        memory.Dispose();
        Assert.That(memory.Pointer == null);
    }

    [Test]
    public void A_block_that_does_not_fit_says_how_large_it_was()
    {
        var error = Assert.Catch<OutOfMemoryException>(() => new CpuMemory(1L << 58).Dispose());
        Assert.That(error!.Message, Does.Contain($"{(1L << 58) * sizeof(float) >> 20:N0} MB"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuMemory(-1).Dispose());
    }
}
