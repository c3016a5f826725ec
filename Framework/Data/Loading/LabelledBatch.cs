namespace EvenNet.Framework;

/// <summary>Inputs of a net and their labels, in memory that the loader uses again: valid until the next batch is asked for.</summary>
public sealed class LabelledBatch
{
    private readonly Dataset dataset;
    private readonly int[] samples;

    internal LabelledBatch(Dataset dataset, Augmentation augmentation, int capacity)
    {
        this.dataset = dataset;
        (Shape, Views, Capacity) = (augmentation.Shape, augmentation.Views, capacity);
        long values = (long)capacity * Views * Shape.Count;
        if (values > Array.MaxLength) throw new ArgumentException($"{capacity} samples of {Views} inputs {Shape} are {values} values; a batch holds at most {Array.MaxLength}");
        Images = new float[values];
        Labels = new float[capacity * dataset.LabelCount];
        samples = new int[capacity];
    }

    /// <summary>Of one input.</summary>
    public Shape Shape { get; }

    /// <summary>Inputs of each sample, one after the other.</summary>
    public int Views { get; }

    /// <summary>Samples that there is room for: the batch size.</summary>
    public int Capacity { get; }

    /// <summary>Samples. Fewer than there is room for at the end of the last epoch; the rest are zeros with labels to be ignored.</summary>
    public int Count { get; private set; }

    /// <summary>Capacity × views × channels × height × width.</summary>
    public float[] Images { get; }

    /// <summary>Capacity × the data set's label values.</summary>
    public float[] Labels { get; }

    /// <summary>Where the batch begins.</summary>
    public DataPosition Start { get; private set; }

    /// <summary>Where the next one begins: to go on after this batch start there.</summary>
    public DataPosition Next { get; private set; }

    /// <summary>The samples' indices in the data set.</summary>
    public ReadOnlySpan<int> Samples => samples.AsSpan(0, Count);

    /// <summary>What sample <paramref name="n"/> of the batch is called.</summary>
    public string NameOf(int n) => dataset.NameOf(Samples[n]);

    /// <summary>The inputs of sample <paramref name="n"/>: views × channels × height × width.</summary>
    public Span<float> Inputs(int n) => Images.AsSpan(n * Views * Shape.Count, Views * Shape.Count);

    internal void Begin(DataPosition start, int count)
    {
        (Start, Next, Count) = (start, start.After(count, dataset.Count), count);
        if (count == Capacity) return;
        Images.AsSpan(count * Views * Shape.Count).Clear();
        Labels.AsSpan(count * dataset.LabelCount).Fill(Dataset.Ignored);
    }

    internal void Put(int n, int sample)
    {
        samples[n] = sample;
        dataset.Label(sample).CopyTo(Labels.AsSpan(n * dataset.LabelCount));
    }
}
