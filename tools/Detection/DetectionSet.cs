using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>Pictures with objects and with proposals: a part of a VOC set. Any number of threads may read at once.</summary>
/// <param name="data">All pictures.</param>
/// <param name="proposals">Where objects may be.</param>
/// <param name="samples">Those of the pictures that count; all where null.</param>
public sealed class DetectionSet(VocDataset data, IProposals proposals, int[]? samples = null)
{
    /// <summary>All pictures.</summary>
    public VocDataset Data => data;

    /// <summary>Where objects may be.</summary>
    public IProposals Proposals => proposals;

    /// <summary>Pictures.</summary>
    public int Count => samples?.Length ?? data.Count;

    /// <summary>Classes, without the background.</summary>
    public IReadOnlyList<string> Classes => data.Classes;

    /// <summary>A picture's name in the lists: «000005».</summary>
    public string Id(int index) => data.Id(Sample(index));

    /// <summary>A picture's file.</summary>
    public string NameOf(int index) => data.NameOf(Sample(index));

    /// <summary>What is in a picture, and its size.</summary>
    /// <exception cref="ImageSourceException">Its annotation is missing or broken.</exception>
    public VocAnnotation Annotation(int index) => data.Annotation(Sample(index));

    /// <summary>A picture's proposals within it.</summary>
    /// <exception cref="ProposalsException">Nobody knows the picture.</exception>
    public IReadOnlyList<PixelBox> Boxes(int index)
    {
        VocAnnotation a = Annotation(index);
        return [.. proposals.Of(NameOf(index)).Select(b => b.Clip(a.Width, a.Height))];
    }

    /// <summary>Decodes a picture.</summary>
    /// <exception cref="ImageFormatException">It is missing or broken.</exception>
    public void Read(int index, ImageBuffer picture) => data.Read(Sample(index), picture);

    /// <summary>So many of the pictures, chosen by a seed, in their order; all where there are fewer.</summary>
    public DetectionSet Take(int count, ulong seed) =>
        count >= Count ? this : new DetectionSet(data, proposals, [.. new Philox(seed, RandomPurpose.Order).Choose(count, Count, sorted: true).Select(Sample)]);

    private int Sample(int index) => samples is null ? index : samples[index];
}
