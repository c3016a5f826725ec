using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// What the initializers do with values and patches on the device. Patches are cut out some thousand at a time, with the mean already taken off, and their
/// products added in double; only moments and whitened rows go to the host. Memory is given back after each call.
/// </summary>
internal sealed class CudaInitializer(CudaDevice device, CudaStatistics statistics, CudaProducts products) : IInitializerKernels
{
    // Products add up in float32 over so many patches, as on the cpu.
    private const int ChunkRows = 2048;

    private const int ColumnsAtOnce = 32, RowsAtOnce = 8, PieceCount = 1 << 17;

    public void AddMoments(PatchGroup patches, PatchBasis? basis, Span<double> offset, Span<double> sum, Span<double> scatter)
    {
        WindowSize size = Window(patches);
        int d = FanIn(size), m = sum.Length, rows = size.Batch * size.Rows * size.Columns, most = Math.Min(rows, ChunkRows);
        using var sums = new CudaStorage(device, 2L * m * (m + 1));
        using var cut = new CudaStorage(device, (long)most * d);
        using var white = new CudaStorage(device, basis is null ? 0 : (long)most * m);
        using var constants = new CudaStorage(device, Padded(d) + (basis is null ? 0 : (long)m * d));
        ulong scatters = sums.Address + sizeof(double) * (ulong)m, filters = constants.Address + sizeof(float) * (ulong)Padded(d);
        offset.Clear();
        if (basis is null)
        {
            Gather(size, patches, 0, most, chosen: 0, offset: 0, cut.Address);
            AddColumns(most, m, cut.Address, sums.Address);
            device.Read(sums.Address, offset);
            foreach (ref double mean in offset) mean = (float)(mean / most);
            constants.Write(0, (ReadOnlySpan<double>)offset);
            sums.Clear(0, 2L * m);
        }
        else
        {
            constants.Write(0, basis.Offset);
            constants.Write(Padded(d), basis.Filters);
        }
        for (int first = 0; first < rows; first += ChunkRows)
        {
            int count = Math.Min(ChunkRows, rows - first);
            Gather(size, patches, first, count, chosen: 0, constants.Address, cut.Address);
            if (basis is not null) Whiten(count, m, d, cut.Address, filters, white.Address);
            ulong x = basis is null ? cut.Address : white.Address;
            AddColumns(count, m, x, sums.Address);
            new CudaLaunch(device, "add_scatter", CudaGrid.Tiles(m, m)) { count, m, x, scatters }.Run();
        }
        Add(sums.Address, sum);
        Add(scatters, scatter);
    }

    public void Choose(PatchGroup patches, PatchBasis basis, ReadOnlySpan<int> chosen, Span<float> rows)
    {
        WindowSize size = Window(patches);
        int d = FanIn(size), m = basis.Filters.Length / d, most = Math.Min(chosen.Length, ChunkRows);
        using var numbers = new CudaStorage(device, chosen.Length);
        using var cut = new CudaStorage(device, (long)most * d);
        using var white = new CudaStorage(device, (long)chosen.Length * m);
        using var constants = new CudaStorage(device, Padded(d) + (long)m * d);
        device.Write(numbers.Address, chosen);
        constants.Write(0, basis.Offset);
        constants.Write(Padded(d), basis.Filters);
        for (int first = 0; first < chosen.Length; first += ChunkRows)
        {
            int count = Math.Min(ChunkRows, chosen.Length - first);
            Gather(size, patches, 0, count, numbers.Address + sizeof(int) * (ulong)first, constants.Address, cut.Address);
            Whiten(count, m, d, cut.Address, constants.Address + sizeof(float) * (ulong)Padded(d), white.Address + sizeof(float) * (ulong)((long)first * m));
        }
        white.Read(0, rows);
    }

    public IHeldRows Hold(ReadOnlySpan<float> rows, int dimensions) => new CudaHeldRows(device, products, rows, dimensions);

    public double MeanMagnitude(Tensor value) => statistics.Sum("magnitude_sums", new Region(value.Region.Storage, value.Region.Offset, value.Count)) / value.Count;

    public void Multiply(Region values, double factor) => statistics.Multiply(values, factor);

    private void Gather(WindowSize size, PatchGroup patches, int first, int count, ulong chosen, ulong offset, ulong to) =>
        new CudaLaunch(device, "gather_patches", CudaGrid.Elements((long)count * FanIn(size))) { size, patches.Group, first, count, chosen, offset, patches.Input.Address, to }.Run();

    private void AddColumns(int rows, int columns, ulong x, ulong sums) =>
        new CudaLaunch(device, "column_sums", new CudaGrid((uint)((columns + ColumnsAtOnce - 1) / ColumnsAtOnce), BlockX: ColumnsAtOnce, BlockY: RowsAtOnce)) { rows, columns, x, sums }.Run();

    // to = x · filtersᵀ; x: rows × d, filters: m × d.
    private void Whiten(int rows, int m, int d, ulong x, ulong filters, ulong to) =>
        products.Multiply(false, true, rows, m, d, x, filters, to);

    private void Add(ulong from, Span<double> to)
    {
        double[] piece = new double[Math.Min(to.Length, PieceCount)];
        for (int first = 0; first < to.Length; first += PieceCount)
        {
            Span<double> some = piece.AsSpan(0, Math.Min(PieceCount, to.Length - first));
            device.Read(from + sizeof(double) * (ulong)first, some);
            for (int i = 0; i < some.Length; i++) to[first + i] += some[i];
        }
    }

    // The filters begin where the vendor's products like it.
    private static long Padded(int d) => CudaCandidate.Align(sizeof(float) * (long)d) / sizeof(float);

    private static int FanIn(WindowSize size) => size.Channels / size.Groups * size.KernelHeight * size.KernelWidth;

    // An inner product sees each sample whole.
    private static WindowSize Window(PatchGroup patches)
    {
        (Tensor x, Shape shape) = (patches.Input, patches.Input.Shape);
        return patches.Node.Layer is Convolution layer
            ? WindowSize.Of(layer, x.Batch, shape, patches.Node.Shape)
            : WindowSize.Of(new Convolution(patches.Node.Shape.Channels, new Extent(shape.Height, shape.Width)), x.Batch, shape, new Shape(patches.Node.Shape.Channels));
    }
}
