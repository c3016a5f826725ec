namespace EvenNet.Framework;

/// <summary>
/// Pictures with labels, by index. Pictures are decoded when they are read; labels are there from the start. A label is a class number, or a value for
/// each class (1 there, 0 not there, <see cref="Ignored"/> not to be judged). Any number of threads may read at once.
/// </summary>
public abstract class Dataset
{
    /// <summary>A label that counts neither in a loss nor in an evaluation.</summary>
    public const float Ignored = -1;

    private readonly float[] labels;

    /// <summary>A set whose labels are known.</summary>
    /// <param name="name">For messages: the folder or file.</param>
    /// <param name="split">Which part of the data: «trainval».</param>
    /// <param name="classes">What each class is called.</param>
    /// <param name="channels">Of its pictures: 3 (blue, green, red) or 1.</param>
    /// <param name="labels">One a sample, or with <paramref name="isMultiLabel"/> one a sample and class.</param>
    /// <param name="isMultiLabel">A sample may show several classes.</param>
    /// <exception cref="ImageSourceException">There is no sample.</exception>
    protected Dataset(string name, string split, IReadOnlyList<string> classes, int channels, float[] labels, bool isMultiLabel = false)
    {
        if (labels.Length == 0) throw new ImageSourceException($"{name} {split} has no sample.");
        (Name, Split, Classes, Channels, IsMultiLabel, this.labels) = (name, split, classes, channels, isMultiLabel, labels);
        Count = labels.Length / LabelCount;
    }

    /// <summary>The folder or file, for messages.</summary>
    public string Name { get; }

    /// <summary>Which part of the data.</summary>
    public string Split { get; }

    /// <summary>What each class is called.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Bytes of a pixel: 3, or 1 for grey.</summary>
    public int Channels { get; }

    /// <summary>A sample may show several classes, and its label is a value for each.</summary>
    public bool IsMultiLabel { get; }

    /// <summary>Values of a sample's label: 1, or as many as there are classes.</summary>
    public int LabelCount => IsMultiLabel ? Classes.Count : 1;

    /// <summary>Samples.</summary>
    public int Count { get; }

    /// <summary>A sample's label: its class, or for each class 1, 0 or <see cref="Ignored"/>.</summary>
    public ReadOnlySpan<float> Label(int index) => labels.AsSpan(index * LabelCount, LabelCount);

    /// <summary>What a sample is called in messages: its file.</summary>
    public abstract string NameOf(int index);

    /// <summary>Decodes a sample's picture into memory that is used again, a JPEG at the scale that <paramref name="scale"/> asks for.</summary>
    /// <exception cref="ImageFormatException">The picture is missing or broken.</exception>
    public abstract void Read(int index, ImageBuffer picture, DecodeScale? scale = null);

    /// <summary>Some of the samples, in the order given.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sample.</exception>
    public Dataset Subset(IEnumerable<int> indices) => new DatasetSubset(this, [.. indices]);

    /// <summary>The first <paramref name="count"/> samples, or with a seed a random choice in random order; all where there are fewer.</summary>
    public Dataset Take(int count, ulong? seed = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        int taken = Math.Min(count, Count);
        return Subset(seed is { } key ? new Philox(key, RandomPurpose.Order).Choose(taken, Count) : Enumerable.Range(0, taken));
    }

    /// <summary>The same samples as pictures of one channel, for nets that read digits; itself where they are that already.</summary>
    public Dataset InGrey() => Channels == 1 ? this : new GreyDataset(this);

    /// <summary>The number of a class in a list of names; −1 where it is none of them.</summary>
    internal static int IndexOf(IReadOnlyList<string> classes, string name)
    {
        for (int c = 0; c < classes.Count; c++)
            if (classes[c] == name) return c;
        return -1;
    }

    /// <summary>«VOC2007 trainval: 5011 samples of 20 classes».</summary>
    public override string ToString() => $"{Name} {Split}: {Count} samples of {Classes.Count} classes";
}
