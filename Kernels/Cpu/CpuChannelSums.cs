using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Σ a and Σ a · b of each channel over samples and positions, for two tensors of one shape and order: within a plane in double and from its first row
/// to its last, then the samples' planes in their order, so that threads change no bit. Tasks may fill different planes at once.
/// </summary>
internal sealed unsafe class CpuChannelSums(CpuTensor tensor)
{
    // Planes of all samples × lanes.
    private readonly double[] sums = new double[(long)tensor.AllPlanes * tensor.Lanes], products = new double[(long)tensor.AllPlanes * tensor.Lanes];
    private readonly int lanes = tensor.Lanes, stored = tensor.Planes * tensor.Lanes, samples = tensor.Samples;

    /// <summary>Forgets a plane's sums.</summary>
    public void Clear(int plane)
    {
        sums.AsSpan(plane * lanes, lanes).Clear();
        products.AsSpan(plane * lanes, lanes).Clear();
    }

    /// <summary>Adds part of a plane; whole positions where sixteen channels lie together.</summary>
    public void Add(int plane, float* a, float* b, int length)
    {
        fixed (double* sum = &sums[plane * lanes], product = &products[plane * lanes])
        {
            if (lanes == 1) AddPlain(a, b, length, sum, product);
            else AddBlocked(a, b, length, sum, product);
        }
    }

    /// <summary>Σ a of a channel.</summary>
    public double Sum(int channel) => Join(sums, channel);

    /// <summary>Σ a · b of a channel.</summary>
    public double Product(int channel) => Join(products, channel);

    private double Join(double[] parts, int channel)
    {
        double sum = 0;
        for (int n = 0; n < samples; n++) sum += parts[n * stored + channel];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBlocked(float* a, float* b, int length, double* sum, double* product)
    {
        Vector512<double> low = Vector512.Load(sum), high = Vector512.Load(sum + 8), lowProduct = Vector512.Load(product), highProduct = Vector512.Load(product + 8);
        for (int i = 0; i < length; i += Lane.Count)
        {
            Vector512<float> value = Vector512.Load(a + i), both = value * Vector512.Load(b + i);
            low += Vector512.WidenLower(value);
            high += Vector512.WidenUpper(value);
            lowProduct += Vector512.WidenLower(both);
            highProduct += Vector512.WidenUpper(both);
        }
        low.Store(sum);
        high.Store(sum + 8);
        lowProduct.Store(product);
        highProduct.Store(product + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPlain(float* a, float* b, int length, double* sum, double* product)
    {
        Vector512<double> low = Vector512<double>.Zero, high = Vector512<double>.Zero, lowProduct = Vector512<double>.Zero, highProduct = Vector512<double>.Zero;
        int whole = length / Lane.Count * Lane.Count;
        for (int i = 0; i < whole; i += Lane.Count)
        {
            Vector512<float> value = Vector512.Load(a + i), both = value * Vector512.Load(b + i);
            low += Vector512.WidenLower(value);
            high += Vector512.WidenUpper(value);
            lowProduct += Vector512.WidenLower(both);
            highProduct += Vector512.WidenUpper(both);
        }
        double total = Vector512.Sum(low + high), totalProduct = Vector512.Sum(lowProduct + highProduct);
        for (int i = whole; i < length; i++)
        {
            total += a[i];
            totalProduct += a[i] * b[i];
        }
        *sum += total;
        *product += totalProduct;
    }
}
