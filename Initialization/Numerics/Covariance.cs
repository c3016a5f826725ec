using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Mean and scatter of rows that come in pieces. Products are float32 inside a chunk of 2048 rows, after the mean of the
/// first chunk has been taken off so that nothing large cancels, and chunks are summed in double. Of the symmetric
/// scatter only blocks on and below the diagonal are computed. The number of threads changes nothing; how the rows are
/// cut into calls does, in the last bits.
/// </summary>
public sealed class Covariance
{
    private const int ChunkRows = 2048, CentreRows = 128, WidestPanel = 512, PanelTarget = 384;

    private readonly Arithmetic arithmetic;
    private readonly int panels, panelWidth;
    private readonly double[] offset, sum, scatter;
    private readonly float[] narrowOffset, centred, block;

    /// <summary>Starts with no rows.</summary>
    /// <param name="arithmetic">What computes.</param>
    /// <param name="dimensions">Length of a row, d. Needs 8·d² bytes, and 8192·d for a chunk.</param>
    public Covariance(Arithmetic arithmetic, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimensions);
        this.arithmetic = arithmetic;
        Dimensions = dimensions;
        panels = dimensions <= WidestPanel ? 1 : (dimensions + PanelTarget - 1) / PanelTarget;
        panelWidth = (dimensions + panels - 1) / panels;
        offset = new double[dimensions];
        sum = new double[dimensions];
        narrowOffset = new float[dimensions];
        block = new float[panelWidth * panelWidth];
        scatter = new double[(long)dimensions * dimensions];
        centred = new float[ChunkRows * panels * panelWidth];
    }

    /// <summary>Length of a row, d.</summary>
    public int Dimensions { get; }

    /// <summary>Rows seen.</summary>
    public long Count { get; private set; }

    /// <summary>Takes further rows: n×d, row-major.</summary>
    /// <exception cref="ArgumentException">The values are not a whole number of rows, or not all finite.</exception>
    public void Add(ReadOnlyMemory<float> rows)
    {
        if (rows.Length % Dimensions != 0)
            throw new ArgumentException($"{rows.Length} values are not a whole number of rows of {Dimensions}", nameof(rows));
        for (int start = 0; start < rows.Length; start += ChunkRows * Dimensions)
            AddChunk(rows.Slice(start, Math.Min(ChunkRows * Dimensions, rows.Length - start)));
    }

    /// <summary>Takes all patches of a group from where a device holds them, whitened if asked; the first and only rows. False, with nothing done, where that is the host.</summary>
    internal bool Take(Patches patches, int group, Whitening? whitening)
    {
        if (patches.Kernels is not { } kernels) return false;
        kernels.AddMoments(patches.Of(group), whitening?.Basis, offset, sum, scatter);
        Count = patches.Rows;
        RequireFinite("patches");
        return true;
    }

    /// <summary>Mean of the rows: d.</summary>
    public double[] Mean()
    {
        double[] mean = new double[Dimensions];
        for (int i = 0; i < Dimensions; i++) mean[i] = Count == 0 ? 0 : offset[i] + sum[i] / Count;
        return mean;
    }

    /// <summary>Σ (x − mean)(x − mean)ᵀ over the rows, not divided by their number: d×d.</summary>
    public double[] Scatter() => Finished(1);

    /// <summary>The population covariance: scatter / count, d×d; zero without rows.</summary>
    public double[] Values() => Finished(Count == 0 ? 0 : 1.0 / Count);

    private void AddChunk(ReadOnlyMemory<float> rows)
    {
        int count = rows.Length / Dimensions;
        if (Count == 0) SetOffset(rows.Span, count);
        Count += count;

        int pieces = (count + CentreRows - 1) / CentreRows;
        double[] sums = new double[pieces * Dimensions];
        arithmetic.For(pieces, piece => Centre(rows.Span, count, piece * CentreRows, Math.Min(count, (piece + 1) * CentreRows), sums.AsSpan(piece * Dimensions, Dimensions)));
        for (int piece = 0; piece < pieces; piece++) VectorMath.Add(sums.AsSpan(piece * Dimensions, Dimensions), sum);
        RequireFinite(nameof(rows));

        for (int row = 0; row < panels; row++)
            for (int column = 0; column <= row; column++)
            {
                arithmetic.Product(true, false, Width(row), Width(column), count, Panel(row, count), Panel(column, count), block);
                AddBlock(row, column, block);
            }
    }

    private void RequireFinite(string rows)
    {
        for (int i = 0; i < Dimensions; i++)
            if (!double.IsFinite(sum[i]))
                throw new ArgumentException($"the rows hold a value that is not finite, in column {i}", rows);
    }

    // The first chunk's mean, as floats: x − offset then rounds once.
    private void SetOffset(ReadOnlySpan<float> rows, int count)
    {
        for (int r = 0; r < count; r++) VectorMath.Add(rows.Slice(r * Dimensions, Dimensions), offset);
        for (int i = 0; i < Dimensions; i++) offset[i] = narrowOffset[i] = (float)(offset[i] / count);
    }

    // Some rows, centred, into all panels: a panel holds some columns of all rows of the chunk, without gaps, as the product wants them.
    private void Centre(ReadOnlySpan<float> rows, int count, int from, int to, Span<double> sums)
    {
        for (int panel = 0; panel < panels; panel++)
        {
            int first = panel * panelWidth, width = Width(panel);
            ReadOnlySpan<float> mean = narrowOffset.AsSpan(first, width);
            Span<double> panelSums = sums.Slice(first, width);
            Span<float> target = Panel(panel, count);
            for (int r = from; r < to; r++)
            {
                Span<float> centred = target.Slice(r * width, width);
                VectorMath.Subtract(rows.Slice(r * Dimensions + first, width), mean, centred);
                VectorMath.Add(centred, panelSums);
            }
        }
    }

    private void AddBlock(int row, int column, float[] block)
    {
        int height = Width(row), width = Width(column), top = row * panelWidth, left = column * panelWidth;
        const int task = 64;
        arithmetic.For((height + task - 1) / task, piece =>
        {
            for (int i = piece * task; i < Math.Min(height, (piece + 1) * task); i++)
                VectorMath.Add(block.AsSpan(i * width, width), scatter.AsSpan((top + i) * Dimensions + left, width));
        });
    }

    // Scatter about the offset, less what the offset was away from the mean; both triangles.
    private double[] Finished(double factor)
    {
        double[] result = new double[scatter.Length];
        arithmetic.For(Dimensions, i =>
        {
            double mean = Count == 0 ? 0 : sum[i] / Count;
            for (int j = 0; j <= i; j++)
                result[i * Dimensions + j] = result[j * Dimensions + i] = (scatter[i * Dimensions + j] - mean * sum[j]) * factor;
        });
        return result;
    }

    private int Width(int panel) => Math.Min(panelWidth, Dimensions - panel * panelWidth);

    private Span<float> Panel(int panel, int count) => centred.AsSpan(panel * panelWidth * ChunkRows, count * Width(panel));
}
