using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using EvenNet.Models;

namespace EvenNet.Benchmarks;

/// <summary>GFLOP/s beside the mean time, for benchmarks that know their floating-point operations.</summary>
public sealed class OperationsColumn : IColumn
{
    /// <inheritdoc/>
    public string Id => nameof(OperationsColumn);

    /// <inheritdoc/>
    public string ColumnName => "GFLOP/s";

    /// <inheritdoc/>
    public string Legend => "Floating-point operations (two a multiply-add) per second, in thousand millions";

    /// <inheritdoc/>
    public bool AlwaysShow => true;

    /// <inheritdoc/>
    public ColumnCategory Category => ColumnCategory.Custom;

    /// <inheritdoc/>
    public int PriorityInCategory => 0;

    /// <inheritdoc/>
    public bool IsNumeric => true;

    /// <inheritdoc/>
    public UnitType UnitType => UnitType.Dimensionless;

    /// <inheritdoc/>
    public bool IsAvailable(Summary summary) => true;

    /// <inheritdoc/>
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Mean;
        double operations = Operations(benchmarkCase);
        return nanoseconds is { } time && operations > 0 ? $"{operations / time:F1}" : "-";
    }

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    private static double Operations(BenchmarkCase benchmarkCase)
    {
        bool backward = benchmarkCase.Descriptor.WorkloadMethod.Name.StartsWith("Backward", StringComparison.Ordinal);
        return benchmarkCase.Parameters.Items.Select(p => p.Value).FirstOrDefault(v => v is NetLayer or ProductSize or BenchmarkNet) switch
        {
            NetLayer layer => backward ? layer.BackwardOperations : layer.ForwardOperations,
            ProductSize size => size.Operations,
            BenchmarkNet net => benchmarkCase.Descriptor.WorkloadMethod.Name == nameof(NetBenchmarks.TrainingStep) ? net.StepOperations : net.ForwardOperations,
            _ => 0,
        };
    }
}
