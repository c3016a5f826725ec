using EvenNet.Kernels;

namespace EvenNet.Tests.Kernels;

public sealed unsafe class SpareBlockTests
{
    private const long Large = 1 << 24;

    [Test]
    public void A_block_given_back_comes_again_and_is_zero()
    {
        using var spare = new SpareBlock();
        NativeBlock first = spare.Take(Large + 1000);
        new Span<byte>(first.Pointer, (int)Large).Fill(7);
        nint place = (nint)first.Pointer;
        spare.Return(first);
        NativeBlock again = spare.Take(Large - 17);
        Assert.That((nint)again.Pointer, Is.EqualTo(place));
        Assert.That(new Span<byte>(again.Pointer, (int)Large - 17).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        again.Dispose();
    }

    [Test]
    public void A_block_that_is_too_small_or_far_too_large_is_not_used()
    {
        using var spare = new SpareBlock();
        NativeBlock kept = spare.Take(Large);
        spare.Return(kept);
        NativeBlock larger = spare.Take(Large + 1);
        Assert.That(larger.Bytes, Is.EqualTo(Large + 1));
        Assert.That(kept.IsClosed, "one that does not fit makes room");
        larger.Dispose();

        kept = spare.Take(16 * Large);
        spare.Return(kept);
        NativeBlock small = spare.Take(1000);
        Assert.That(small.Bytes, Is.EqualTo(1000));
        Assert.That(kept.IsClosed, Is.False, "a small one leaves what is kept");
        small.Dispose();
    }

    [Test]
    public void The_largest_block_is_kept_and_small_ones_never()
    {
        using var spare = new SpareBlock();
        NativeBlock small = spare.Take(Large - 1), large = spare.Take(Large), larger = spare.Take(2 * Large);
        spare.Return(small);
        Assert.That(small.IsClosed);
        spare.Return(large);
        Assert.That(large.IsClosed, Is.False);
        spare.Return(larger);
        Assert.That((large.IsClosed, larger.IsClosed), Is.EqualTo((true, false)));
    }

    [Test]
    public void Nothing_is_kept_after_the_end()
    {
        var spare = new SpareBlock();
        NativeBlock kept = spare.Take(Large), late = spare.Take(Large);
        spare.Return(kept);
        spare.Dispose();
        spare.Return(late);
        Assert.That((kept.IsClosed, late.IsClosed), Is.EqualTo((true, true)));
    }

    [Test]
    public void Threads_that_take_at_once_never_share_a_block()
    {
        using var spare = new SpareBlock();
        int shared = 0;
        Parallel.For(0, 4, _ =>
        {
            for (int turn = 0; turn < 20; turn++)
            {
                NativeBlock block = spare.Take(Large);
                if (Interlocked.Exchange(ref *(int*)block.Pointer, 1) != 0) Interlocked.Increment(ref shared);
                spare.Return(block);
            }
        });
        Assert.That(shared, Is.Zero);
    }
}
