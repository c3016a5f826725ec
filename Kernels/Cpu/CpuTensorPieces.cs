using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// How element-wise work on tensors of one shape and order is cut up: into chunks of all memory where each is one run, else into planes.
/// </summary>
internal readonly unsafe struct CpuTensorPieces
{
    // Floats: several tensors' chunks fit into a first-level cache together.
    private const int ChunkSize = 4096;
    private readonly bool isDense;
    private readonly int rowLength;
    private readonly long all;

    public CpuTensorPieces(params ReadOnlySpan<CpuTensor> tensors) : this(byPlanes: false, tensors) { }

    /// <summary>byPlanes: a plane a piece, wherever the tensors lie; then pieces count planes.</summary>
    public CpuTensorPieces(bool byPlanes, params ReadOnlySpan<CpuTensor> tensors)
    {
        isDense = !byPlanes;
        foreach (CpuTensor t in tensors) isDense &= t.IsOneRun;
        CpuTensor first = tensors[0];
        (rowLength, all) = (first.RowLength, first.AllPlanes * (long)first.Height * first.RowLength);
        (Count, Rows) = isDense ? ((int)((all + ChunkSize - 1) / ChunkSize), 1) : (first.AllPlanes, first.Height);
    }

    public int Count { get; }

    /// <summary>Rows of a piece.</summary>
    public int Rows { get; }

    /// <summary>Floats of each row of a piece.</summary>
    public int Length(int piece) => isDense ? (int)Math.Min(ChunkSize, all - (long)piece * ChunkSize) : rowLength;

    /// <summary>First element of a row in logical order; for plain tensors only.</summary>
    public long First(int piece, int row) => isDense ? (long)piece * ChunkSize : ((long)piece * Rows + row) * rowLength;

    /// <summary>The first float of a piece's row in one of the tensors.</summary>
    public float* Row(in CpuTensor tensor, int piece, int row) => isDense ? tensor.Row(0, 0) + (long)piece * ChunkSize : tensor.Row(piece, row);

    /// <summary>Zeros the border around a piece.</summary>
    public void ClearBorder(in CpuTensor tensor, int piece)
    {
        if (!isDense) tensor.ClearBorder(piece);
    }
}
