using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Train;

/// <summary>Pictures of a folder with a sub-folder for each class, decoded once; without sub-folders each picture is a class of its own.</summary>
internal sealed class LabelledPictures
{
    private readonly Batch[] classes;

    private LabelledPictures(Batch[] classes) => this.classes = classes;

    public int Classes => classes.Length;

    public int Count => classes.Sum(c => c.Count);

    public static LabelledPictures Open(string folder, ImageTransform transform)
    {
        using var jpeg = new JpegDecoder();
        var loader = new ImageLoader(new ImageFiles(jpeg), transform);
        string[] folders = Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Order(StringComparer.Ordinal)] : [];
        IEnumerable<ImageSource> sources = folders.Length > 0 ? folders.Select(f => ImageSource.Folder(f)) : ImageSource.Folder(folder).Paths.Select(p => ImageSource.Of(p));
        return new LabelledPictures([.. sources.Select(s => loader.Load(s.All()).Batch)]);
    }

    /// <summary>Draws pictures and their classes: images count × shape, labels count.</summary>
    public (float[] Images, float[] Labels) Draw(int count, RandomSource random)
    {
        int size = classes[0].Shape.Count;
        float[] images = new float[count * size], labels = new float[count];
        for (int i = 0; i < count; i++)
        {
            int label = random.NextInt(classes.Length);
            classes[label].Sample(random.NextInt(classes[label].Count)).CopyTo(images.AsSpan(i * size, size));
            labels[i] = label;
        }
        return (images, labels);
    }
}
