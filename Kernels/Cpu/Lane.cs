using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Sixteen floats at a time, in whole or what is left of a row. On processors without 512-bit vectors the same code runs as two or four
/// narrower operations, and gives the same bits.
/// </summary>
internal static unsafe class Lane
{
    public const int Count = 16;

    /// <summary>Sixteen floats; where fewer are left, those and zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* from, long left) => left >= Count ? Vector512.Load(from) : LoadTail(from, (int)left);

    /// <summary>Sixteen floats, or as many as are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* to, long left)
    {
        if (left >= Count) value.Store(to);
        else StoreTail(value, to, (int)left);
    }

    /// <summary>
    /// <see cref="Load(float*, long)"/> in a loop that is compiled twice: without a tail (TTail is zero), so that no call makes the loop keep
    /// its vectors in memory, and with one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load<TTail>(float* from, long left) where TTail : IConstant => TTail.Value == 0 ? Vector512.Load(from) : Load(from, left);

    /// <inheritdoc cref="Load{TTail}"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTail>(Vector512<float> value, float* to, long left) where TTail : IConstant
    {
        if (TTail.Value == 0) value.Store(to);
        else Store(value, to, left);
    }

    /// <summary>All bits in the lanes that hold channels in the last block, none in its tail.</summary>
    public static Vector512<float> LastBlock(int channels)
    {
        int full = channels % Count == 0 ? Count : channels % Count;
        return Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(full)).AsSingle();
    }

    /// <summary>Asks the second-level cache for what lies here. A hint: any address will do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* at)
    {
        if (Sse.IsSupported) Sse.Prefetch1(at);
    }

    /// <summary>Four rows of four to four columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float>, Vector128<float>, Vector128<float>, Vector128<float>) Transpose(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), ab2 = Sse.UnpackHigh(a, b), cd2 = Sse.UnpackHigh(c, d);
            return (Sse.MoveLowToHigh(ab, cd), Sse.MoveHighToLow(cd, ab), Sse.MoveLowToHigh(ab2, cd2), Sse.MoveHighToLow(cd2, ab2));
        }
        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<float> ac = AdvSimd.Arm64.ZipLow(a, c), bd = AdvSimd.Arm64.ZipLow(b, d);
            Vector128<float> ac2 = AdvSimd.Arm64.ZipHigh(a, c), bd2 = AdvSimd.Arm64.ZipHigh(b, d);
            return (AdvSimd.Arm64.ZipLow(ac, bd), AdvSimd.Arm64.ZipHigh(ac, bd), AdvSimd.Arm64.ZipLow(ac2, bd2), AdvSimd.Arm64.ZipHigh(ac2, bd2));
        }
        return (Vector128.Create(a[0], b[0], c[0], d[0]), Vector128.Create(a[1], b[1], c[1], d[1]),
            Vector128.Create(a[2], b[2], c[2], d[2]), Vector128.Create(a[3], b[3], c[3], d[3]));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadTail(float* from, int left)
    {
        float* whole = stackalloc float[Count];
        for (int i = 0; i < Count; i++) whole[i] = i < left ? from[i] : 0;
        return Vector512.Load(whole);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreTail(Vector512<float> value, float* to, int left)
    {
        float* whole = stackalloc float[Count];
        value.Store(whole);
        for (int i = 0; i < left; i++) to[i] = whole[i];
    }
}
