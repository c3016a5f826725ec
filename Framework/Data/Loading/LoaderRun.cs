using System.Runtime.ExceptionServices;

namespace EvenNet.Framework;

/// <summary>
/// One pass of a loader: a ring of batches that workers fill sample by sample. A worker takes the next sample only where its batch has a place in the ring,
/// so at most prefetch + 1 batches are held. All fields are guarded by the gate.
/// </summary>
internal sealed class LoaderRun : IDisposable
{
    private readonly object gate = new();
    private readonly DataLoader loader;
    private readonly Slot[] ring;
    private readonly Thread[] workers;
    private readonly EpochOrder order;
    private readonly DataPosition from;
    private readonly long batchCount, sampleCount;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration registration;

    // The next sample to be given out; batches handed over; whether the work is to end.
    private long nextBatch, handedOver;
    private int nextPlace;
    private bool isOver;

    public LoaderRun(DataLoader loader, DataPosition from, CancellationToken cancellation)
    {
        (this.loader, this.from, this.cancellation) = (loader, from, cancellation);
        (Dataset dataset, LoaderOptions options) = (loader.Dataset, loader.Options);
        sampleCount = options.Epochs == 0 ? long.MaxValue : (long)(options.Epochs - from.Epoch) * dataset.Count - from.Index;
        batchCount = options.Epochs == 0 ? long.MaxValue : (sampleCount + options.Batch - 1) / options.Batch;
        order = new EpochOrder(dataset.Count, options.Shuffle ? options.Seed : null);
        ring = new Slot[(int)Math.Min(options.Prefetch + 1L, Math.Max(1, batchCount))];
        for (int i = 0; i < ring.Length; i++) ring[i] = new Slot(new LabelledBatch(dataset, loader.Augmentation, options.Batch));
        registration = cancellation.Register(Stop);
        workers = new Thread[loader.Workers];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = new Thread(Work) { IsBackground = true, Name = $"data {i}" };
            workers[i].Start();
        }
    }

    /// <summary>The next batch in order, and the one before goes back to the workers; null after the last.</summary>
    public LabelledBatch? Next()
    {
        lock (gate)
        {
            cancellation.ThrowIfCancellationRequested();
            if (handedOver == batchCount) return null;
            Slot slot = ring[handedOver % ring.Length];
            handedOver++;
            // The place of the batch before is free now.
            Monitor.PulseAll(gate);
            while (slot.Batches != handedOver || slot.Left > 0)
            {
                Monitor.Wait(gate);
                cancellation.ThrowIfCancellationRequested();
            }
            if (slot.Error is { } error) ExceptionDispatchInfo.Throw(error);
            return slot.Batch;
        }
    }

    public void Dispose()
    {
        // Not under the gate: it waits for a callback that is running, and that one needs the gate.
        registration.Dispose();
        Stop();
        foreach (Thread worker in workers) worker.Join();
    }

    private void Stop()
    {
        lock (gate)
        {
            isOver = true;
            Monitor.PulseAll(gate);
        }
    }

    private void Work()
    {
        var maker = new SampleMaker(loader.Augmentation);
        while (Take(out Slot slot, out int place, out DataPosition position, out int sample))
        {
            Exception? error = null;
            try
            {
                maker.Make(loader.Dataset, sample, new Philox(loader.Options.Seed, RandomPurpose.Transform, position.Epoch, (uint)sample), slot.Batch.Inputs(place));
            }
            catch (Exception failure)
            {
                // Whatever it is belongs to whoever takes the batch: an exception on this thread would end the process.
                error = failure;
            }
            lock (gate)
            {
                if (error is not null && place < slot.ErrorPlace) (slot.Error, slot.ErrorPlace) = (error, place);
                if (--slot.Left == 0) Monitor.PulseAll(gate);
            }
        }
    }

    // Gives out the next sample as soon as its batch has a place; false when there is none or the work is to end.
    private bool Take(out Slot slot, out int place, out DataPosition position, out int sample)
    {
        lock (gate)
        {
            // The batch in use is number handedOver − 1, and the ring holds those from it on.
            while (!isOver && nextBatch < batchCount && nextBatch - Math.Max(handedOver - 1, 0) >= ring.Length) Monitor.Wait(gate);
            slot = ring[nextBatch % ring.Length];
            (place, position, sample) = (nextPlace, default, 0);
            if (isOver || nextBatch >= batchCount) return false;
            long ordinal = nextBatch * loader.Options.Batch + nextPlace;
            position = from.After(ordinal, loader.Dataset.Count);
            if (nextPlace == 0) slot.Begin(nextBatch + 1, position, (int)Math.Min(loader.Options.Batch, sampleCount - ordinal));
            sample = order[position];
            slot.Batch.Put(place, sample);
            if (++nextPlace == slot.Batch.Count) (nextBatch, nextPlace) = (nextBatch + 1, 0);
            return true;
        }
    }

    // A place of the ring: the batch being filled, its number counted from 1, the samples it still lacks, and the first thing that went wrong.
    private sealed class Slot(LabelledBatch batch)
    {
        public LabelledBatch Batch => batch;

        public long Batches { get; private set; }

        public int Left { get; set; }

        public Exception? Error { get; set; }

        public int ErrorPlace { get; set; } = int.MaxValue;

        public void Begin(long number, DataPosition start, int count)
        {
            (Batches, Left, Error, ErrorPlace) = (number, count, null, int.MaxValue);
            batch.Begin(start, count);
        }
    }
}
