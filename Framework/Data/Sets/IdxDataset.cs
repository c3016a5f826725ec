using System.Globalization;

namespace EvenNet.Framework;

/// <summary>Grey pictures of one size with their classes, as a pair of IDX files: MNIST, Fashion-MNIST. Plain or compressed with gzip; held in memory.</summary>
public sealed class IdxDataset : Dataset
{
    private readonly IdxFile pictures;

    private IdxDataset(IdxFile pictures, string split, IReadOnlyList<string> classes, float[] labels)
        : base(pictures.Path, split, classes, channels: 1, labels) => this.pictures = pictures;

    /// <summary>What the ten classes of Fashion-MNIST are called (Xiao, Rasul and Vollgraf 2017, table 2).</summary>
    public static IReadOnlyList<string> FashionClasses { get; } = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Rows and columns of each picture.</summary>
    public Shape Shape => new(1, pictures.Sizes[1], pictures.Sizes[2]);

    /// <summary>Opens a split of a folder with the usual names: train-images-idx3-ubyte and train-labels-idx1-ubyte, or t10k-… for test, with .gz or without.</summary>
    /// <param name="folder">Where the files lie.</param>
    /// <param name="split">train or test.</param>
    /// <param name="classes">What the classes are called; their numbers if null.</param>
    /// <exception cref="ImageSourceException">No such split or files, or they are broken, or do not belong together.</exception>
    public static IdxDataset OpenFolder(string folder, string split, IReadOnlyList<string>? classes = null)
    {
        string prefix = split switch { "train" => "train", "test" => "t10k", _ => throw new ImageSourceException($"IDX data have no split {split}; they have train and test.") };
        if (!Directory.Exists(folder)) throw new ImageSourceException($"There is no folder {folder}.{MissingPath.Guess(folder)}");
        return Open(Find(folder, prefix, "images", 3), Find(folder, prefix, "labels", 1), split, classes);
    }

    /// <summary>Opens a pair of files.</summary>
    /// <param name="images">Pictures × rows × columns.</param>
    /// <param name="labels">As many class numbers.</param>
    /// <param name="split">What to call it.</param>
    /// <param name="classes">What the classes are called; their numbers if null.</param>
    /// <exception cref="ImageSourceException">A file is missing, broken, or they do not belong together.</exception>
    public static IdxDataset Open(string images, string labels, string split = "all", IReadOnlyList<string>? classes = null)
    {
        IdxFile pictures = IdxFile.Read(images, dimensions: 3), numbers = IdxFile.Read(labels, dimensions: 1);
        if (pictures.Sizes[0] != numbers.Sizes[0]) throw new ImageSourceException($"{images} has {pictures.Sizes[0]} pictures, but {labels} has {numbers.Sizes[0]} labels.");
        classes ??= [.. Enumerable.Range(0, numbers.Data.Max() + 1).Select(c => c.ToString(CultureInfo.InvariantCulture))];
        int wrong = Array.FindIndex(numbers.Data, label => label >= classes.Count);
        if (wrong >= 0) throw new ImageSourceException($"{labels}: label {wrong} is {numbers.Data[wrong]}, but the {classes.Count} classes are 0 … {classes.Count - 1}.");
        return new IdxDataset(pictures, split, classes, [.. numbers.Data.Select(label => (float)label)]);
    }

    /// <inheritdoc/>
    public override string NameOf(int index) => $"{Name}, picture {index}";

    /// <inheritdoc/>
    public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null)
    {
        int plane = Shape.Plane;
        pictures.Data.AsSpan(index * plane, plane).CopyTo(picture.Begin(Shape.Width, Shape.Height, channels: 1));
    }

    private static string Find(string folder, string prefix, string kind, int dimensions)
    {
        string[] names = [$"{prefix}-{kind}-idx{dimensions}-ubyte", $"{prefix}-{kind}.idx{dimensions}-ubyte", $"{prefix}-{kind}-idx{dimensions}-ubyte.gz", $"{prefix}-{kind}.idx{dimensions}-ubyte.gz"];
        return names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new ImageSourceException($"{folder} has no {names[0]} or {names[2]}.{MissingPath.Guess(Path.Combine(folder, names[0]))}");
    }
}
