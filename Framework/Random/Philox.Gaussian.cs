using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Framework;

// Normal draws. Logarithm, sine and cosine are series in +, −, ×, ÷ and √ alone, which IEEE 754 fixes to the last bit
// and .NET never contracts: the same values on every machine, in vector lanes and one by one.
public sealed partial class Philox
{
    private const ulong OneBits = 0x3FF0_0000_0000_0000, MantissaBits = 0x000F_FFFF_FFFF_FFFF;
    private const double HalfUnit = 1.0 / (1L << 53);
    private const double Sqrt2 = 1.4142135623730951, Ln2 = 0.6931471805599453, HalfPi = 1.5707963267948966;

    /// <inheritdoc/>
    /// <remarks>
    /// Box and Muller (1958) in double: values 2i and 2i + 1 are √(−2 ln u) · (cos 2πv, sin 2πv) with u and v of 52 bits,
    /// at the middle of their intervals, from block i. The largest value possible is 8.6. Starts at the next whole block.
    /// </remarks>
    public override void FillGaussian(Span<float> values)
    {
        Gaussian(seed, stream, draw, nextBlock, values);
        nextBlock += ((ulong)values.Length + 1) / 2;
        usedWords = WordsPerBlock;
    }

    /// <inheritdoc/>
    public override void FillGaussian(Memory<float> values, Action<int, Action<int>> loop)
    {
        const int Piece = 1 << 16;
        ulong first = nextBlock;
        loop((values.Length + Piece - 1) / Piece, piece =>
        {
            int at = piece * Piece;
            Gaussian(seed, stream, draw, first + (ulong)at / 2, values.Span.Slice(at, Math.Min(Piece, values.Length - at)));
        });
        nextBlock += ((ulong)values.Length + 1) / 2;
        usedWords = WordsPerBlock;
    }

    /// <summary>
    /// Normal draws by position: values[j] is draw 2 · firstBlock + j of the stream, whoever fills it and in whatever pieces.
    /// A generator at its start fills from block 0.
    /// </summary>
    public static void Gaussian(ulong seed, uint stream, uint draw, ulong firstBlock, Span<float> values)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= values.Length - 8; i += 8, firstBlock += 4)
            {
                var (w0, w1, w2, w3) = FourBlocks(seed, firstBlock, draw, stream);
                Vector256<double> radius = Radius(Unit(w0, w1));
                var (cosine, sine) = CosineAndSine(Unit(w2, w3));
                Vector256<float> apart = Vector256.Narrow(radius * cosine, radius * sine);
                Vector256.Shuffle(apart, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).CopyTo(values[i..]);
            }
        }
        for (; i < values.Length; i += 2, firstBlock++)
        {
            var (w0, w1, w2, w3) = Block(seed, ((uint)firstBlock, (uint)(firstBlock >> 32), draw, stream));
            double radius = Radius(Unit(w0, w1));
            var (cosine, sine) = CosineAndSine(Unit(w2, w3));
            values[i] = (float)(radius * cosine);
            if (i + 1 < values.Length) values[i + 1] = (float)(radius * sine);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Value i uses the upper 24 bits of word i, counted from the next whole block.</remarks>
    public override void FillUniform(Span<float> values, float low, float high)
    {
        double width = ((double)high - low) / (1 << 24);
        Span<uint> bits = stackalloc uint[1024];
        for (int i = 0; i < values.Length; i += bits.Length)
        {
            Span<float> piece = values[i..Math.Min(i + bits.Length, values.Length)];
            UniformBits(seed, stream, draw, (nextBlock + (ulong)i / WordsPerBlock) * WordsPerBlock, bits[..piece.Length]);
            for (int j = 0; j < piece.Length; j++) piece[j] = (float)(low + width * (bits[j] >> 8));
        }
        nextBlock += ((ulong)values.Length + WordsPerBlock - 1) / WordsPerBlock;
        usedWords = WordsPerBlock;
    }

    // (k + ½) · 2⁻⁵² with k the upper 52 of 64 bits: inside (0, 1), exact.
    private static double Unit(uint low, uint high) =>
        BitConverter.UInt64BitsToDouble(((ulong)high << 32 | low) >> 12 | OneBits) - (1 - HalfUnit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Unit(Vector256<ulong> low, Vector256<ulong> high) =>
        (((high << 32 | low & LowWord) >> 12) | Vector256.Create(OneBits)).AsDouble() - Vector256.Create(1 - HalfUnit);

    // √(−2 ln u). With u = m · 2ᵉ, m in [√½, √2) and s = (m − 1) / (m + 1): ln m = 2 atanh s = 2 Σ s²ᵏ⁺¹ / (2k + 1), s² < 0.0295.
    private static double Radius(double u)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(u);
        double m = BitConverter.UInt64BitsToDouble(bits & MantissaBits | OneBits), e = (long)(bits >> 52) - 1023;
        if (m >= Sqrt2) (m, e) = (m * 0.5, e + 1);
        double s = (m - 1) / (m + 1), t = s * s;
        double sum = 2.0 / 21;
        sum = sum * t + 2.0 / 19;
        sum = sum * t + 2.0 / 17;
        sum = sum * t + 2.0 / 15;
        sum = sum * t + 2.0 / 13;
        sum = sum * t + 2.0 / 11;
        sum = sum * t + 2.0 / 9;
        sum = sum * t + 2.0 / 7;
        sum = sum * t + 2.0 / 5;
        sum = sum * t + 2.0 / 3;
        sum = sum * t + 2.0;
        return Math.Sqrt((e * Ln2 + sum * s) * -2.0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Radius(Vector256<double> u)
    {
        Vector256<double> one = Vector256<double>.One;
        Vector256<double> m = (u.AsUInt64() & Vector256.Create(MantissaBits) | Vector256.Create(OneBits)).AsDouble();
        // The exponent's bits under those of 2⁵² are the number 2⁵² + exponent.
        Vector256<double> e = (u.AsUInt64() >>> 52 | Vector256.Create(0x4330_0000_0000_0000ul)).AsDouble() - Vector256.Create(4503599627370496.0 + 1023);
        Vector256<double> large = Vector256.GreaterThanOrEqual(m, Vector256.Create(Sqrt2));
        m = Vector256.ConditionalSelect(large, m * 0.5, m);
        e = Vector256.ConditionalSelect(large, e + one, e);
        Vector256<double> s = (m - one) / (m + one), t = s * s;
        Vector256<double> sum = Vector256.Create(2.0 / 21);
        sum = sum * t + Vector256.Create(2.0 / 19);
        sum = sum * t + Vector256.Create(2.0 / 17);
        sum = sum * t + Vector256.Create(2.0 / 15);
        sum = sum * t + Vector256.Create(2.0 / 13);
        sum = sum * t + Vector256.Create(2.0 / 11);
        sum = sum * t + Vector256.Create(2.0 / 9);
        sum = sum * t + Vector256.Create(2.0 / 7);
        sum = sum * t + Vector256.Create(2.0 / 5);
        sum = sum * t + Vector256.Create(2.0 / 3);
        sum = sum * t + Vector256.Create(2.0);
        return Vector256.Sqrt((e * Ln2 + sum * s) * -2.0);
    }

    // Cosine and sine of 2πv: v is cut into quarters q with a rest in [−½, ½] quarters, |θ| ≤ π/4, where eight terms of the series do.
    private static (double Cosine, double Sine) CosineAndSine(double v)
    {
        double quarters = v * 4, q = Math.Floor(quarters + 0.5), angle = (quarters - q) * HalfPi, t = angle * angle;
        double sine = 1.0 / 355687428096000;
        sine = sine * t - 1.0 / 1307674368000;
        sine = sine * t + 1.0 / 6227020800;
        sine = sine * t - 1.0 / 39916800;
        sine = sine * t + 1.0 / 362880;
        sine = sine * t - 1.0 / 5040;
        sine = sine * t + 1.0 / 120;
        sine = sine * t - 1.0 / 6;
        sine = sine * t + 1.0;
        sine *= angle;
        double cosine = 1.0 / 20922789888000;
        cosine = cosine * t - 1.0 / 87178291200;
        cosine = cosine * t + 1.0 / 479001600;
        cosine = cosine * t - 1.0 / 3628800;
        cosine = cosine * t + 1.0 / 40320;
        cosine = cosine * t - 1.0 / 720;
        cosine = cosine * t + 1.0 / 24;
        cosine = cosine * t - 1.0 / 2;
        cosine = cosine * t + 1.0;
        return (int)q switch { 1 => (-sine, cosine), 2 => (-cosine, -sine), 3 => (sine, -cosine), _ => (cosine, sine) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> Cosine, Vector256<double> Sine) CosineAndSine(Vector256<double> v)
    {
        Vector256<double> quarters = v * 4.0, q = Vector256.Floor(quarters + Vector256.Create(0.5));
        Vector256<double> angle = (quarters - q) * HalfPi, t = angle * angle;
        Vector256<double> sine = Vector256.Create(1.0 / 355687428096000);
        sine = sine * t - Vector256.Create(1.0 / 1307674368000);
        sine = sine * t + Vector256.Create(1.0 / 6227020800);
        sine = sine * t - Vector256.Create(1.0 / 39916800);
        sine = sine * t + Vector256.Create(1.0 / 362880);
        sine = sine * t - Vector256.Create(1.0 / 5040);
        sine = sine * t + Vector256.Create(1.0 / 120);
        sine = sine * t - Vector256.Create(1.0 / 6);
        sine = sine * t + Vector256.Create(1.0);
        sine *= angle;
        Vector256<double> cosine = Vector256.Create(1.0 / 20922789888000);
        cosine = cosine * t - Vector256.Create(1.0 / 87178291200);
        cosine = cosine * t + Vector256.Create(1.0 / 479001600);
        cosine = cosine * t - Vector256.Create(1.0 / 3628800);
        cosine = cosine * t + Vector256.Create(1.0 / 40320);
        cosine = cosine * t - Vector256.Create(1.0 / 720);
        cosine = cosine * t + Vector256.Create(1.0 / 24);
        cosine = cosine * t - Vector256.Create(1.0 / 2);
        cosine = cosine * t + Vector256.Create(1.0);

        // q = 0 … 4. Odd quarters swap the two; 2^52 + q puts q's bits where they can be tested.
        Vector256<ulong> number = (q + Vector256.Create(4503599627370496.0)).AsUInt64();
        Vector256<double> odd = (Vector256<ulong>.Zero - (number & Vector256<ulong>.One)).AsDouble();
        Vector256<ulong> cosineSign = (number + Vector256<ulong>.One) << 62 & Vector256.Create(1ul << 63);
        Vector256<ulong> sineSign = number << 62 & Vector256.Create(1ul << 63);
        Vector256<double> x = Vector256.ConditionalSelect(odd, sine, cosine), y = Vector256.ConditionalSelect(odd, cosine, sine);
        return ((x.AsUInt64() ^ cosineSign).AsDouble(), (y.AsUInt64() ^ sineSign).AsDouble());
    }
}
