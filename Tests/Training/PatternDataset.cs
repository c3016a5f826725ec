using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>
/// Pictures of 14×14 pixels that can be learned: stripes whose direction and width are the class's (of several, the sum of theirs), and noise that belongs
/// to the sample. With several classes a sample's every seventh label is to be ignored.
/// </summary>
internal sealed class PatternDataset(int count, int classes = 4, bool isMultiLabel = false)
    : Dataset("patterns", "all", [.. Enumerable.Range(0, classes).Select(c => $"class {c}")], channels: 3, Labels(count, classes, isMultiLabel), isMultiLabel)
{
    public const int Side = 14;

    /// <summary>Called with each sample that is read, on the worker's thread.</summary>
    public Action<int> OnRead { get; init; } = _ => { };

    public override string NameOf(int index) => $"pattern {index}";

    public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null)
    {
        OnRead(index);
        var random = new Random(index);
        Span<byte> pixels = picture.Begin(Side, Side);
        for (int y = 0, at = 0; y < Side; y++)
            for (int x = 0; x < Side; x++)
                for (int b = 0; b < 3; b++)
                {
                    double level = 128 + random.Next(-25, 26);
                    for (int c = 0; c < Classes.Count; c++)
                        if (IsShown(index, c)) level += 60 * Math.Sin((c % 2 == 0 ? x : y) * (0.6 + 0.5 * c) + b);
                    pixels[at++] = (byte)Math.Clamp(level, 0, 255);
                }
    }

    // What is ignored is half of the time there.
    private bool IsShown(int index, int c) => IsMultiLabel ? (index * 5 + c * 3) % 4 < 2 : index % Classes.Count == c;

    private static float[] Labels(int count, int classes, bool isMultiLabel)
    {
        if (!isMultiLabel) return [.. Enumerable.Range(0, count).Select(i => (float)(i % classes))];
        float[] labels = new float[count * classes];
        for (int i = 0; i < labels.Length; i++) labels[i] = i % 7 == 3 ? Ignored : (i / classes * 5 + i % classes * 3) % 4 < 2 ? 1 : 0;
        return labels;
    }
}
