namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Chooses among several ways to compute the same by running each on memory of the right size and timing it with events. What was chosen for a question stays
/// chosen: in this object, and through the cache in the next process.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="cache">Keeps what was chosen.</param>
/// <param name="tell">Told of ways that failed when they were tried, with the reasons, and of a cache that cannot be written.</param>
internal sealed class CudaTuner(CudaDevice device, CudaTuningCache cache, Action<string> tell)
{
    private const int Rows = 3, MostInRow = 16;
    private const float RowMilliseconds = 2;

    // A way that takes so many times as long as the best is not run again.
    private const float Hopeless = 4;

    // 0.01 as float32, and twice 0.01 as bfloat16: neither zeros nor infinities, which some devices multiply faster.
    private const uint Pattern = 0x3C23_3C23;
    private readonly Dictionary<string, string> choices = new(StringComparer.Ordinal);

    /// <summary>What was chosen, by what was asked.</summary>
    public IReadOnlyDictionary<string, string> Choices => choices;

    /// <summary>Chooses instead of measuring, where it gives one; for tests.</summary>
    public Func<IReadOnlyList<CudaCandidate>, CudaCandidate?>? Pick { get; set; }

    /// <summary>The fastest of the candidates, of which there is one at the least; the last one cannot fail.</summary>
    public CudaCandidate Choose(string question, IReadOnlyList<CudaCandidate> candidates, in CudaOperandCounts counts)
    {
        lock (choices)
        {
            CudaCandidate chosen = candidates.Count == 1 ? candidates[0] : Pick?.Invoke(candidates) ?? Known(question, candidates) ?? Fastest(question, candidates, counts);
            choices[question] = chosen.Name;
            return chosen;
        }
    }

    private CudaCandidate? Known(string question, IReadOnlyList<CudaCandidate> candidates)
    {
        string? name = choices.GetValueOrDefault(question) ?? cache.Find(question);
        return name is null ? null : candidates.FirstOrDefault(c => c.Name == name);
    }

    private CudaCandidate Fastest(string question, IReadOnlyList<CudaCandidate> candidates, in CudaOperandCounts counts)
    {
        long Bytes(long count) => CudaCandidate.Align(count * sizeof(float));
        long scratch = CudaCandidate.Align(candidates.Max(c => c.ScratchBytes));
        long bytes = Bytes(counts.Input) + Bytes(counts.Weight) + Bytes(counts.Output) + Bytes(counts.Bias) + CudaCandidate.Alignment + scratch;
        CudaStorage memory;
        try
        {
            memory = new CudaStorage(device, bytes / sizeof(float));
        }
        catch (InsufficientMemoryException)
        {
            // The plan itself will tell of the memory; what would have been fastest does not matter.
            return candidates[^1];
        }
        using (memory)
        {
            device.Fill(memory.Address, Pattern, memory.Count);
            ulong input = memory.Address, weight = input + (ulong)Bytes(counts.Input), output = weight + (ulong)Bytes(counts.Weight), bias = output + (ulong)Bytes(counts.Output);
            ulong scale = bias + (ulong)Bytes(counts.Bias), free = scale + CudaCandidate.Alignment;
            CudaCandidate best = Fastest(question, candidates, new CudaOperands(input, weight, output, bias, scale, free, Accumulate: false));
            if (cache.Add(question, best.Name) is { } problem) tell(problem);
            return best;
        }
    }

    private CudaCandidate Fastest(string question, IReadOnlyList<CudaCandidate> candidates, CudaOperands operands)
    {
        using var stopwatch = new CudaStopwatch(device);
        CudaCandidate best = candidates[^1];
        float least = float.PositiveInfinity;
        foreach (CudaCandidate candidate in candidates)
        {
            ICudaWork[] work = [];
            try
            {
                work = candidate.Bind(operands);
                float milliseconds = Milliseconds(stopwatch, work, least);
                if (milliseconds < least) (best, least) = (candidate, milliseconds);
            }
            catch (CudaException error) when (candidate.Name != CudaCandidate.Own && !device.IsBroken)
            {
                tell($"{candidate.Name} is not used for {question}: {error.Message}");
            }
            finally
            {
                foreach (ICudaWork piece in work) (piece as IDisposable)?.Dispose();
            }
        }
        return best;
    }

    // Of one run: the best of several rows of runs, so that what is measured is the device and not the host that gives the work. The first loads code and does not count.
    private static float Milliseconds(CudaStopwatch stopwatch, ICudaWork[] work, float least)
    {
        _ = stopwatch.Time(work);
        float one = stopwatch.Time(work);
        if (one > Hopeless * least) return one;
        int row = Math.Clamp((int)(RowMilliseconds / one), 1, MostInRow);
        return Enumerable.Range(0, Rows).Min(_ => stopwatch.Time(work, row));
    }
}
