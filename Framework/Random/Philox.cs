using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EvenNet.Framework;

/// <summary>
/// The counter-based generator Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §3.3):
/// block(key, counter) is a mixing of the counter, so any value can be had without those before it and the number of
/// threads never changes a result. The key is the seed. The counter's words, lowest first, are block (two words), draw,
/// and stream = purpose | index · 2⁸: no two (purpose, index, draw) share a value. Integer arithmetic only: the same
/// bits on every machine and device.
/// </summary>
public sealed partial class Philox : RandomSource
{
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;
    private const int WordsPerBlock = 4;

    private readonly ulong seed;
    private readonly uint stream, draw;
    private (uint, uint, uint, uint) block;
    private ulong nextBlock;
    private int usedWords = WordsPerBlock;

    /// <summary>Starts at the beginning of a stream.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the numbers are for.</param>
    /// <param name="index">Which of that purpose: a layer, an epoch. Below 2²⁴.</param>
    /// <param name="draw">Which time: a step, a sweep, a sample.</param>
    public Philox(ulong seed, RandomPurpose purpose, int index = 0, uint draw = 0)
    {
        this.seed = seed;
        this.draw = draw;
        stream = Stream(purpose, index);
    }

    /// <summary>The counter's highest word for a purpose and an index (a layer, an epoch) below 2²⁴.</summary>
    public static uint Stream(RandomPurpose purpose, int index = 0)
    {
        if (index is < 0 or >= 1 << 24)
            throw new ArgumentOutOfRangeException(nameof(index), $"a random stream's index must be in 0 … {(1 << 24) - 1}, got {index}");
        return (uint)purpose | (uint)index << 8;
    }

    /// <summary>The generator itself: ten rounds over a counter of four words, lowest first, under a key of two.</summary>
    public static (uint, uint, uint, uint) Block(ulong key, (uint, uint, uint, uint) counter)
    {
        var (c0, c1, c2, c3) = counter;
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong p0 = (ulong)Multiplier0 * c0, p1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += Weyl0;
            k1 += Weyl1;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>
    /// 32 random bits that depend on nothing but the four arguments: word index % 4 of block index / 4. What dropout keeps
    /// is decided with these by every backend: element i of a layer's draw d is dropped when
    /// UniformBits(seed, Stream(Dropout, layer), d, i) &lt; <see cref="Threshold"/>(ratio).
    /// </summary>
    public static uint UniformBits(ulong seed, uint stream, uint draw, ulong index)
    {
        ulong number = index / WordsPerBlock;
        var (w0, w1, w2, w3) = Block(seed, ((uint)number, (uint)(number >> 32), draw, stream));
        return (index % WordsPerBlock) switch { 0 => w0, 1 => w1, 2 => w2, _ => w3 };
    }

    /// <summary>The same bits for elements first … first + bits.Length − 1. <paramref name="first"/> must be a multiple of four.</summary>
    public static void UniformBits(ulong seed, uint stream, uint draw, ulong first, Span<uint> bits)
    {
        if (first % WordsPerBlock != 0)
            throw new ArgumentOutOfRangeException(nameof(first), $"random bits are filled from a multiple of {WordsPerBlock}, got {first}");

        ulong number = first / WordsPerBlock;
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= bits.Length - 16; i += 16, number += 4)
            {
                var (w0, w1, w2, w3) = FourBlocks(seed, number, draw, stream);
                // Lane b of w0 … w3 holds block b's words: pair them, then put the pairs of a block side by side.
                Vector256<ulong> low = (w1 << 32) | (w0 & LowWord), high = (w3 << 32) | (w2 & LowWord);
                for (int b = 0; b < 4; b++)
                    Vector128.Create(low[b], high[b]).AsUInt32().CopyTo(bits[(i + 4 * b)..]);
            }
        }
        for (; i < bits.Length; i++) bits[i] = UniformBits(seed, stream, draw, first + (ulong)i);
    }

    /// <summary>The bits below which an event of this probability, in [0, 1), happens: round(probability · 2³²).</summary>
    public static uint Threshold(double probability) => probability is >= 0 and < 1
        ? (uint)Math.Min(Math.Round(probability * 4294967296.0), uint.MaxValue)
        : throw new ArgumentOutOfRangeException(nameof(probability), $"a probability in [0, 1) is needed, got {probability}");

    /// <inheritdoc/>
    public override double NextUniform()
    {
        ulong low = NextBits();
        return (((ulong)NextBits() << 32 | low) >> 11) * (1.0 / (1L << 53));
    }

    /// <inheritdoc/>
    /// <remarks>Multiply and reject (Lemire 2019, "Fast random integer generation in an interval"): no remainder, no bias.</remarks>
    public override int NextInt(int exclusive)
    {
        if (exclusive <= 0)
            throw new ArgumentOutOfRangeException(nameof(exclusive), $"a random number below {exclusive} does not exist");

        uint range = (uint)exclusive;
        ulong product = (ulong)NextBits() * range;
        if ((uint)product < range)
        {
            uint rejected = (0u - range) % range;
            while ((uint)product < rejected) product = (ulong)NextBits() * range;
        }
        return (int)(product >> 32);
    }

    /// <summary>The next 32 random bits.</summary>
    public uint NextBits()
    {
        if (usedWords == WordsPerBlock)
        {
            block = Block(seed, ((uint)nextBlock, (uint)(nextBlock >> 32), draw, stream));
            nextBlock++;
            usedWords = 0;
        }
        return usedWords++ switch { 0 => block.Item1, 1 => block.Item2, 2 => block.Item3, _ => block.Item4 };
    }

    private static Vector256<ulong> LowWord => Vector256.Create(0xFFFFFFFFul);

    // Four consecutive blocks, one a lane, a word in the low half of each lane; the high halves hold rubbish.
    private static (Vector256<ulong>, Vector256<ulong>, Vector256<ulong>, Vector256<ulong>) FourBlocks(ulong key, ulong first, uint draw, uint stream)
    {
        Vector256<ulong> c0 = Vector256.Create(first) + Vector256.Create(0ul, 1, 2, 3), c1 = c0 >> 32;
        Vector256<ulong> c2 = Vector256.Create((ulong)draw), c3 = Vector256.Create((ulong)stream);
        Vector256<ulong> m0 = Vector256.Create((ulong)Multiplier0), m1 = Vector256.Create((ulong)Multiplier1);
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            Vector256<ulong> p0 = Product(m0, c0), p1 = Product(m1, c2);
            c0 = (p1 >> 32) ^ c1 ^ Vector256.Create((ulong)k0);
            c2 = (p0 >> 32) ^ c3 ^ Vector256.Create((ulong)k1);
            c1 = p1;
            c3 = p0;
            k0 += Weyl0;
            k1 += Weyl1;
        }
        return (c0, c1, c2, c3);
    }

    // 64-bit products of the low 32 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Product(Vector256<ulong> a, Vector256<ulong> b) =>
        Avx2.IsSupported ? Avx2.Multiply(a.AsUInt32(), b.AsUInt32()) : (a & LowWord) * (b & LowWord);
}
