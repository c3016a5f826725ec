using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Rows on the device: only numbers of rows, centres and what was found go over the bus.</summary>
internal sealed class CudaHeldRows : IHeldRows
{
    // Scores of so many rows at a time.
    private const int ChunkRows = 8192;

    private const int MostParts = 5;

    private readonly CudaDevice device;
    private readonly CudaProducts products;
    private readonly CudaWorkspace workspace;
    private readonly CudaStorage rows;
    private readonly int count, dimensions;

    public CudaHeldRows(CudaDevice device, CudaProducts products, ReadOnlySpan<float> rows, int dimensions)
    {
        (this.device, this.products, this.dimensions, count) = (device, products, dimensions, rows.Length / dimensions);
        workspace = new CudaWorkspace(device);
        this.rows = new CudaStorage(device, rows.Length);
        this.rows.Write(0, rows);
    }

    public void Multiply(ReadOnlySpan<int> some, Span<float> to)
    {
        int chosen = some.Length;
        ulong left = Take((long)chosen * (dimensions + count + 1) * sizeof(float)), result = After<float>(left, (long)chosen * dimensions), numbers = After<float>(result, (long)chosen * count);
        device.Write(numbers, some);
        new CudaLaunch(device, "gather_rows", CudaGrid.Elements((long)chosen * dimensions)) { chosen, dimensions, numbers, rows.Address, left }.Run();
        products.Multiply(false, true, chosen, count, dimensions, left, rows.Address, result);
        device.Read(result, to[..(chosen * count)]);
    }

    public void Nearest(ReadOnlySpan<float> centres, ReadOnlySpan<float> halves, Span<int> nearest, Span<float> largest)
    {
        int clusters = halves.Length, chunk = Math.Min(count, ChunkRows);
        ulong c = Take(((long)clusters * (dimensions + 1) + 2L * count + (long)chunk * clusters) * sizeof(float));
        ulong half = After<float>(c, centres.Length), places = After<float>(half, clusters), values = After<int>(places, count), scores = After<float>(values, count);
        device.Write(c, centres);
        device.Write(half, halves);
        for (int first = 0; first < count; first += chunk)
        {
            int length = Math.Min(chunk, count - first);
            products.Multiply(false, true, length, clusters, dimensions, After<float>(rows.Address, (long)first * dimensions), c, scores);
            new CudaLaunch(device, "nearest_centres", CudaGrid.Warps(length)) { length, clusters, scores, half, After<int>(places, first), After<float>(values, first) }.Run();
        }
        device.Read(places, nearest);
        device.Read(values, largest);
    }

    public void Sum(ReadOnlySpan<int> order, ReadOnlySpan<int> starts, Span<double> sums)
    {
        int clusters = starts.Length - 1;
        ulong to = Take(sums.Length * sizeof(double) + (order.Length + starts.Length) * (long)sizeof(int)), begins = After<double>(to, sums.Length), numbers = After<int>(begins, starts.Length);
        device.Write(begins, starts);
        device.Write(numbers, order);
        var grid = new CudaGrid((uint)((dimensions + CudaGrid.Threads - 1) / CudaGrid.Threads), (uint)clusters);
        new CudaLaunch(device, "ordered_sums", grid) { dimensions, numbers, begins, rows.Address, to }.Run();
        device.Read(to, sums);
    }

    public void Dispose()
    {
        rows.Dispose();
        workspace.Dispose();
    }

    // Room for some parts, each at an address that the vendor's products like.
    private ulong Take(long bytes) => workspace.Take(bytes + MostParts * CudaCandidate.Align(1));

    private static unsafe ulong After<T>(ulong address, long count) where T : unmanaged => address + (ulong)CudaCandidate.Align(count * sizeof(T));
}
