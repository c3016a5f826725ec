using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Matrix products of host memory, by cuBLAS where it is there, and a convolution's weight gradients of single samples, for the initializers: in float32
/// whatever the precision of the layers.
/// </summary>
internal sealed class CudaProducts(CudaDevice device, CudaWorkspace workspace, CublasProducts? library)
{
    /// <summary>c (+)= op(a) · op(b) on host memory.</summary>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate)
    {
        long left = (long)m * k, right = (long)k * n, product = (long)m * n;
        if (product == 0) return;
        long Bytes(long count) => CudaCandidate.Align(count * sizeof(float));
        ulong address = workspace.Take(Bytes(left) + Bytes(right) + Bytes(product)), second = address + (ulong)Bytes(left), third = second + (ulong)Bytes(right);
        device.Write(address, a[..(int)left]);
        device.Write(second, b[..(int)right]);
        if (accumulate) device.Write<float>(third, c[..(int)product]);
        Multiply(transposeA, transposeB, m, n, k, address, second, third, accumulate);
        device.Read(third, c[..(int)product]);
    }

    /// <summary>The same on the device.</summary>
    public void Multiply(bool transposeA, bool transposeB, int m, int n, int k, ulong a, ulong b, ulong c, bool accumulate = false)
    {
        if (library is not null && k > 0)
        {
            library.Multiply(new(transposeA, transposeB, m, n, k), CublasComputeType.Float32, a, b, c, accumulate);
            return;
        }
        string kernel = $"gemm_{(transposeA ? 't' : 'n')}{(transposeB ? 't' : 'n')}";
        new CudaLaunch(device, kernel, CudaGrid.Tiles(m, n)) { m, n, k, a, b, c, accumulate }.Run();
    }

    /// <summary>Adds to sums what some samples say of a convolution's weights, or its squares.</summary>
    public void AddWeightGradients(Convolution layer, Tensor x, Tensor dy, int first, int count, bool squares, Span<float> sums)
    {
        int columns = x.Shape.Channels / layer.Groups * layer.Kernel.Height * layer.Kernel.Width;
        if (sums.Length != layer.Outputs * columns) throw new ArgumentException($"{layer.Outputs} × {columns} weights take {layer.Outputs * columns} sums, got {sums.Length}");
        ulong address = workspace.Take((long)sums.Length * sizeof(float));
        device.Write<float>(address, sums);
        var size = WindowSize.Of(layer, x.Batch, x.Shape, dy.Shape);
        new CudaLaunch(device, "convolution_sample_gradients", CudaGrid.Tiles(layer.Outputs / layer.Groups, columns, layer.Groups))
            { size, first, count, squares, x.Address, dy.Address, address }.Run();
        device.Read(address, sums);
    }
}
