using System.Numerics;

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

    /// <summary>y += factor · x.</summary>
    public static void AddScaled(double factor, ReadOnlySpan<double> x, Span<double> y)
    {
        int width = Vector<double>.Count, i = 0;
        Vector<double> scale = new(factor);
        for (; i <= x.Length - width; i += width) Vector.MultiplyAddEstimate(scale, new(x[i..]), new(y[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] += factor * x[i];
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

    /// <summary>Where the largest value is; the first of equals. NaN is never largest.</summary>
    public static (int Index, float Value) Largest(ReadOnlySpan<float> x)
    {
        int width = Vector<float>.Count, i = 0, best = 0;
        float value = float.NegativeInfinity;
        if (x.Length >= 2 * width)
        {
            Vector<float> largest = new(float.NegativeInfinity);
            Vector<int> where = default, now = Vector<int>.Indices, step = new(width);
            for (; i <= x.Length - width; i += width, now += step)
            {
                Vector<float> candidate = new(x[i..]);
                Vector<int> larger = Vector.GreaterThan(candidate, largest);
                largest = Vector.ConditionalSelect(larger, candidate, largest);
                where = Vector.ConditionalSelect(larger, now, where);
            }
            for (int lane = 0; lane < width; lane++)
                if (largest[lane] > value || (largest[lane] == value && where[lane] < best)) (value, best) = (largest[lane], where[lane]);
        }
        for (; i < x.Length; i++) if (x[i] > value) (value, best) = (x[i], i);
        return (best, value);
    }
}
