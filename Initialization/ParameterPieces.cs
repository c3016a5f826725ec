using System.Buffers;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Changes to whole parameters by all threads: a fully connected layer is hundreds of megabytes, and pages that are new cost more than their copy.</summary>
internal static class ParameterPieces
{
    private const int PieceCount = 1 << 16;

    /// <summary>Sets all values.</summary>
    public static void Write(Backend backend, Parameter parameter, float[] values)
    {
        Region all = parameter.Values;
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.LongLength, all.Count);
        backend.For(Pieces(parameter), piece =>
        {
            int first = piece * PieceCount;
            all.Storage.Write(all.Offset + first, values.AsSpan(first, Math.Min(PieceCount, values.Length - first)));
        });
        parameter.MarkChanged();
    }

    /// <summary>Multiplies all values by a factor, in double.</summary>
    public static void Multiply(Backend backend, Parameter parameter, double factor)
    {
        Region all = parameter.Values;
        if (backend.InitializerKernels is { } kernels) kernels.Multiply(all, factor);
        else backend.For(Pieces(parameter), piece =>
        {
            int first = piece * PieceCount;
            double[] rented = ArrayPool<double>.Shared.Rent(PieceCount);
            Span<double> values = rented.AsSpan(0, Math.Min(PieceCount, parameter.Count - first));
            all.Storage.Read(all.Offset + first, values);
            VectorMath.Scale(factor, values);
            all.Storage.Write(all.Offset + first, (ReadOnlySpan<double>)values);
            ArrayPool<double>.Shared.Return(rented);
        });
        parameter.MarkChanged();
    }

    private static int Pieces(Parameter parameter) => (parameter.Count + PieceCount - 1) / PieceCount;
}
