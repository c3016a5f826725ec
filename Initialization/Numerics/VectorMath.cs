using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Initialization;

/// <summary>Dot products and sums of rows, vectorised; the order of summation is fixed by the vector's width.</summary>
internal static class VectorMath
{
    /// <summary>Σ a·b.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        int width = Vector<double>.Count, i = 0;
        Vector<double> even = default, odd = default;
        for (; i <= a.Length - 2 * width; i += 2 * width)
        {
            even = Vector.MultiplyAddEstimate(new(a[i..]), new(b[i..]), even);
            odd = Vector.MultiplyAddEstimate(new(a[(i + width)..]), new(b[(i + width)..]), odd);
        }
        double sum = Vector.Sum(even + odd);
        for (; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Σ a·b in float32.</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        int width = Vector<float>.Count, i = 0;
        Vector<float> even = default, odd = default;
        for (; i <= a.Length - 2 * width; i += 2 * width)
        {
            even = Vector.MultiplyAddEstimate(new(a[i..]), new(b[i..]), even);
            odd = Vector.MultiplyAddEstimate(new(a[(i + width)..]), new(b[(i + width)..]), odd);
        }
        float sum = Vector.Sum(even + odd);
        for (; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Σ x² in double.</summary>
    public static double SquaredNorm(ReadOnlySpan<float> x)
    {
        int width = Vector<float>.Count, i = 0;
        Vector<double> low = default, high = default;
        for (; i <= x.Length - width; i += width)
        {
            Vector.Widen(new Vector<float>(x[i..]), out Vector<double> a, out Vector<double> b);
            low = Vector.MultiplyAddEstimate(a, a, low);
            high = Vector.MultiplyAddEstimate(b, b, high);
        }
        double sum = Vector.Sum(low + high);
        for (; i < x.Length; i++) sum += (double)x[i] * x[i];
        return sum;
    }

    /// <summary>Σ √x and Σ x in double, each root to float32.</summary>
    public static (double Roots, double Values) RootsAndSum(ReadOnlySpan<float> x)
    {
        int width = Vector<float>.Count, i = 0;
        Vector<double> rootsLow = default, rootsHigh = default, low = default, high = default;
        for (; i <= x.Length - width; i += width)
        {
            var values = new Vector<float>(x[i..]);
            Vector.Widen(Vector.SquareRoot(values), out Vector<double> a, out Vector<double> b);
            (rootsLow, rootsHigh) = (rootsLow + a, rootsHigh + b);
            Vector.Widen(values, out a, out b);
            (low, high) = (low + a, high + b);
        }
        double roots = Vector.Sum(rootsLow + rootsHigh), sum = Vector.Sum(low + high);
        for (; i < x.Length; i++)
        {
            roots += MathF.Sqrt(x[i]);
            sum += x[i];
        }
        return (roots, sum);
    }

    /// <summary>y += factor · x.</summary>
    public static void AddScaled(double factor, ReadOnlySpan<double> x, Span<double> y)
    {
        int width = Vector<double>.Count, i = 0;
        Vector<double> scale = new(factor);
        for (; i <= x.Length - width; i += width) Vector.MultiplyAddEstimate(scale, new(x[i..]), new(y[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] += factor * x[i];
    }

    /// <summary>(x, y) = (cosine · x − sine · y, sine · x + cosine · y).</summary>
    public static void Rotate(double cosine, double sine, Span<double> x, Span<double> y)
    {
        int width = Vector<double>.Count, i = 0;
        Vector<double> c = new(cosine), s = new(sine);
        for (; i <= x.Length - width; i += width)
        {
            Vector<double> a = new(x[i..]), b = new(y[i..]);
            (c * a - s * b).CopyTo(x[i..]);
            (s * a + c * b).CopyTo(y[i..]);
        }
        for (; i < x.Length; i++) (x[i], y[i]) = (cosine * x[i] - sine * y[i], sine * x[i] + cosine * y[i]);
    }

    /// <summary>y += x.</summary>
    public static void Add(ReadOnlySpan<float> x, Span<double> y)
    {
        int width = Vector<float>.Count, half = Vector<double>.Count, i = 0;
        for (; i <= x.Length - width; i += width)
        {
            Vector.Widen(new Vector<float>(x[i..]), out Vector<double> low, out Vector<double> high);
            (new Vector<double>(y[i..]) + low).CopyTo(y[i..]);
            (new Vector<double>(y[(i + half)..]) + high).CopyTo(y[(i + half)..]);
        }
        for (; i < x.Length; i++) y[i] += x[i];
    }

    /// <summary>y += x.</summary>
    public static void Add(ReadOnlySpan<double> x, Span<double> y)
    {
        int width = Vector<double>.Count, i = 0;
        for (; i <= x.Length - width; i += width) (new Vector<double>(y[i..]) + new Vector<double>(x[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] += x[i];
    }

    /// <summary>y −= x.</summary>
    public static void TakeOff(ReadOnlySpan<float> x, Span<double> y)
    {
        int width = Vector<float>.Count, half = Vector<double>.Count, i = 0;
        for (; i <= x.Length - width; i += width)
        {
            Vector.Widen(new Vector<float>(x[i..]), out Vector<double> low, out Vector<double> high);
            (new Vector<double>(y[i..]) - low).CopyTo(y[i..]);
            (new Vector<double>(y[(i + half)..]) - high).CopyTo(y[(i + half)..]);
        }
        for (; i < x.Length; i++) y[i] -= x[i];
    }

    /// <summary>x = a · x + b · y − z.</summary>
    public static void Combine(float a, Span<float> x, float b, ReadOnlySpan<float> y, ReadOnlySpan<float> z)
    {
        int width = Vector<float>.Count, i = 0;
        for (; i <= x.Length - width; i += width)
            (a * new Vector<float>(x[i..]) + b * new Vector<float>(y[i..]) - new Vector<float>(z[i..])).CopyTo(x[i..]);
        for (; i < x.Length; i++) x[i] = a * x[i] + b * y[i] - z[i];
    }

    /// <summary>difference = x − y.</summary>
    public static void Subtract(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> difference)
    {
        int width = Vector<float>.Count, i = 0;
        for (; i <= x.Length - width; i += width) (new Vector<float>(x[i..]) - new Vector<float>(y[i..])).CopyTo(difference[i..]);
        for (; i < x.Length; i++) difference[i] = x[i] - y[i];
    }

    /// <summary>x *= factor.</summary>
    public static void Scale(double factor, Span<double> x)
    {
        foreach (ref double value in x) value *= factor;
    }

    /// <summary>
    /// Where x − y is largest, the first of equals, and its value. groups: 32, what x − y is at most elsewhere, value i in group i mod 32. NaN is never
    /// largest. x and y come in whole vectors of sixteen.
    /// </summary>
    public static (int Index, float Value) LargestDifference(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> groups)
    {
        int width = Vector512<float>.Count;
        // Each lane's largest and second; even blocks of sixteen and odd ones are independent chains.
        Vector512<float> even = Vector512.Create(float.NegativeInfinity), odd = even, evenNext = even, oddNext = even;
        Vector512<int> whereEven = default, whereOdd = default, now = Vector512<int>.Indices, step = Vector512.Create(width);
        while (x.Length >= 2 * width)
        {
            Keep(Vector512.Create(x) - Vector512.Create(y), now, ref even, ref evenNext, ref whereEven);
            now += step;
            Keep(Vector512.Create(x[width..]) - Vector512.Create(y[width..]), now, ref odd, ref oddNext, ref whereOdd);
            now += step;
            x = x[(2 * width)..];
            y = y[(2 * width)..];
        }
        if (x.Length >= width) Keep(Vector512.Create(x) - Vector512.Create(y), now, ref even, ref evenNext, ref whereEven);

        // Where both chains hold the same, the lower index counts.
        Vector512<float> larger = Vector512.GreaterThan(odd, even) | (Vector512.Equals(odd, even) & Vector512.LessThan(whereOdd, whereEven).AsSingle());
        Vector512<float> most = Vector512.ConditionalSelect(larger, odd, even);
        Vector512<int> where = Vector512.ConditionalSelect(larger.AsInt32(), whereOdd, whereEven);
        float value = Largest(most);
        int best = float.IsNegativeInfinity(value)
            ? 0
            : Smallest(Vector512.ConditionalSelect(Vector512.Equals(most, Vector512.Create(value)).AsInt32(), where, Vector512.Create(int.MaxValue)));
        // In the winner's own group the second counts.
        even.CopyTo(groups);
        odd.CopyTo(groups[width..]);
        int own = best % ScoreBounds.Groups;
        groups[own] = own < width ? evenNext[own] : oddNext[own - width];
        return (best, value);
    }

    /// <summary>Σ (x − y)² in double.</summary>
    public static double SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(Vector512<float> candidate, Vector512<int> now, ref Vector512<float> largest, ref Vector512<float> second, ref Vector512<int> where)
    {
        Vector512<float> larger = Vector512.GreaterThan(candidate, largest);
        // NaN is neither: it loses against the second too.
        Vector512<float> less = Vector512.ConditionalSelect(larger, largest, candidate);
        second = Vector512.ConditionalSelect(Vector512.GreaterThan(less, second), less, second);
        largest = Vector512.ConditionalSelect(larger, candidate, largest);
        where = Vector512.ConditionalSelect(larger.AsInt32(), now, where);
    }

    /// <summary>The largest of sixteen.</summary>
    public static float Largest(Vector512<float> x)
    {
        Vector256<float> half = Vector256.Max(x.GetLower(), x.GetUpper());
        Vector128<float> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return Math.Max(Math.Max(quarter[0], quarter[1]), Math.Max(quarter[2], quarter[3]));
    }

    private static int Smallest(Vector512<int> x)
    {
        Vector256<int> half = Vector256.Min(x.GetLower(), x.GetUpper());
        Vector128<int> quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        return Math.Min(Math.Min(quarter[0], quarter[1]), Math.Min(quarter[2], quarter[3]));
    }
}
