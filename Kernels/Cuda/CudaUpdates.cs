using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// The updates of all parameters as one launch: a table of parameters in the device's memory, and a block for each chunk of one. What changes from step to
/// step is written into the table, so the launch can be recorded; rates go there as a launch's arguments, everything else by a copy.
/// </summary>
internal sealed unsafe class CudaUpdates<TUpdate> : FusedUpdate<TUpdate> where TUpdate : struct, IEquatable<TUpdate>
{
    private readonly CudaDevice device;
    private readonly Func<TUpdate, UpdateRow> rowOf;
    private readonly TUpdate[] updates;
    private readonly UpdateRow[] rows;
    private readonly CudaStorage memory;
    private readonly ulong rowsAt, stoppedAt;
    private readonly CudaLaunch all, watch, rates;

    /// <summary>Makes the table.</summary>
    /// <param name="device">Of all that follows.</param>
    /// <param name="updates">Of parameters that learn.</param>
    /// <param name="rowOf">What the device makes of one.</param>
    /// <param name="cleared">Gradients that are only cleared.</param>
    /// <param name="watched">Numbers that must be finite.</param>
    public CudaUpdates(CudaDevice device, IReadOnlyList<TUpdate> updates, Func<TUpdate, UpdateRow> rowOf, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched)
    {
        (this.device, this.rowOf, this.updates) = (device, rowOf, [.. updates]);
        rows = [.. updates.Select(rowOf), .. cleared.Select(UpdateRow.Cleared)];
        UpdateChunk[] chunks = [.. rows.SelectMany((r, row) => Enumerable.Range(0, (int)((r.Count + UpdateChunk.Size - 1) / UpdateChunk.Size)).Select(part => new UpdateChunk(row, part)))];
        WatchedRow[] watchedRows = [.. watched.Select(r => new WatchedRow(r.Address, r.Count))];
        long rowBytes = (long)rows.Length * sizeof(UpdateRow), watchedBytes = (long)watchedRows.Length * sizeof(WatchedRow), chunkBytes = (long)chunks.Length * sizeof(UpdateChunk);
        memory = new CudaStorage(device, (rowBytes + watchedBytes + chunkBytes) / sizeof(float) + 1);
        rowsAt = memory.Address;
        ulong watchedAt = rowsAt + (ulong)rowBytes, chunksAt = watchedAt + (ulong)watchedBytes;
        stoppedAt = chunksAt + (ulong)chunkBytes;
        device.Write<UpdateRow>(rowsAt, rows);
        device.Write<WatchedRow>(watchedAt, watchedRows);
        device.Write<UpdateChunk>(chunksAt, chunks);
        all = new CudaLaunch(device, "update_all", CudaGrid.Blocks(Math.Max(1, chunks.Length))) { rowsAt, chunksAt, stoppedAt };
        watch = new CudaLaunch(device, "watch_finite", CudaGrid.Blocks(1)) { watchedRows.Length, watchedAt, stoppedAt };
        rates = new CudaLaunch(device, "set_rates", CudaGrid.Blocks(1)) { default(RateList), rowsAt };
    }

    public override void Set(ReadOnlySpan<TUpdate> updates)
    {
        if (updates.Length != this.updates.Length) throw new ArgumentException($"{this.updates.Length} updates were made one, got {updates.Length}");
        bool changesRates = false, changesMore = false;
        for (int i = 0; i < updates.Length; i++)
        {
            if (updates[i].Equals(this.updates[i])) continue;
            this.updates[i] = updates[i];
            UpdateRow before = rows[i], now = rows[i] = rowOf(updates[i]);
            changesRates |= now.Rate != before.Rate;
            changesMore |= now with { Rate = before.Rate } != before;
        }
        if (changesMore) device.Write<UpdateRow>(rowsAt, rows);
        else if (changesRates) WriteRates();
    }

    public override void Check() => watch.Run();

    public override void Run()
    {
        if (rows.Length > 0) all.Run();
    }

    public override void Resume() => device.Fill(stoppedAt, 0, 1);

    protected override void Dispose(bool disposing) => memory.Dispose();

    private void WriteRates()
    {
        for (int first = 0; first < updates.Length; first += RateList.Most)
        {
            var list = new RateList { First = first, Count = Math.Min(RateList.Most, updates.Length - first) };
            for (int i = 0; i < list.Count; i++) list.Rates[i] = rows[first + i].Rate;
            rates.Replace(0, list);
            rates.Run();
        }
    }
}

/// <summary>What an update does; mirrors UpdateRule in NativeKernels.cu.</summary>
internal enum UpdateRule
{
    Sgd,
    Nesterov,
    Adam,
    RmsProp,
    Clear,
}

/// <summary>What is done to one parameter; mirrors UpdateRow in NativeKernels.cu.</summary>
[StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential)]
internal record struct UpdateRow
{
    public ulong Value, Gradient, First, Second;
    public long Count;
    public UpdateRule Rule;
    public float GradientScale, Decay;
    public int Magnitudes;
    public float Rate, A, B, C;

    private UpdateRow(UpdateRule rule, Region values, Region gradients, Region? first, Region? second, float gradientScale, float decay, DecayKind decayKind, float rate, float a, float b = 0, float c = 0)
    {
        (Rule, Value, Gradient, First, Second, Count) = (rule, values.Address, gradients.Address, first?.Address ?? 0, second?.Address ?? 0, values.Count);
        (GradientScale, Decay, Magnitudes, Rate, A, B, C) = (gradientScale, decay, decayKind == DecayKind.Magnitudes ? 1 : 0, rate, a, b, c);
    }

    public static UpdateRow Of(SgdUpdate u) =>
        new(u.Nesterov ? UpdateRule.Nesterov : UpdateRule.Sgd, u.Values, u.Gradients, u.Momenta, null, u.GradientScale, u.Decay, u.DecayKind, u.Rate, u.Momentum);

    public static UpdateRow Of(AdamUpdate u) =>
        new(UpdateRule.Adam, u.Values, u.Gradients, u.Momenta, u.Squares, u.GradientScale, u.Decay, u.DecayKind, u.Rate, u.Beta1, u.Beta2, u.Delta);

    public static UpdateRow Of(RmsPropUpdate u) =>
        new(UpdateRule.RmsProp, u.Values, u.Gradients, null, u.Squares, u.GradientScale, u.Decay, u.DecayKind, u.Rate, u.Rho, c: u.Delta);

    public static UpdateRow Cleared(Region gradients) => new() { Gradient = gradients.Address, Count = gradients.Count, Rule = UpdateRule.Clear };
}

/// <summary>The part of a parameter that a block takes; mirrors UpdateChunk in NativeKernels.cu.</summary>
internal readonly record struct UpdateChunk(int Row, int Part)
{
    /// <summary>Weights of a whole one.</summary>
    public const int Size = 16384;
}

/// <summary>Numbers that must be finite; mirrors WatchedRow in NativeKernels.cu.</summary>
internal readonly record struct WatchedRow(ulong Address, long Count);

/// <summary>Rates of some rows; mirrors RateList in NativeKernels.cu.</summary>
internal struct RateList
{
    /// <summary>Rates that one holds.</summary>
    public const int Most = 96;

    public RateArray Rates;
    public int First, Count;

    [InlineArray(Most)]
    public struct RateArray
    {
        private float first;
    }
}
