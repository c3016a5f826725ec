namespace EvenNet.Framework;

/// <summary>
/// CIFAR-10 or CIFAR-100 in their binary form (Krizhevsky 2009; the data sets' page): records of one label byte (CIFAR-100: the coarse class, then the
/// fine) and 3,072 of 32×32 pixels, all red, then green, then blue, row by row. Held in memory.
/// </summary>
public sealed class CifarDataset : Dataset
{
    private const int Side = 32, Plane = Side * Side, PictureBytes = 3 * Plane;

    private static readonly string[] Train10 = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];

    private readonly List<CifarFile> files;

    private CifarDataset(string folder, string split, IReadOnlyList<string> classes, float[] labels, List<CifarFile> files)
        : base(folder, split, classes, channels: 3, labels) => this.files = files;

    /// <summary>32×32 in colour.</summary>
    public static Shape Shape => new(3, Side, Side);

    /// <summary>Opens CIFAR-10: of the five training files those that are there, or the test file. Names come from batches.meta.txt.</summary>
    /// <param name="folder">With the .bin files, or the one above cifar-10-batches-bin.</param>
    /// <param name="split">train or test.</param>
    /// <exception cref="ImageSourceException">No such split or files, or one is not whole.</exception>
    public static CifarDataset Open10(string folder, string split)
    {
        string place = Place(folder, "cifar-10-batches-bin", split, ["train", "test"]);
        string[] wanted = split == "train" ? Train10 : ["test_batch.bin"];
        string[] found = [.. wanted.Select(name => Path.Combine(place, name)).Where(File.Exists)];
        if (found.Length == 0) throw Absent(place, wanted[0]);
        return Open(folder, split, found, Names(Path.Combine(place, "batches.meta.txt"), 10), labelBytes: 1, labelByte: 0);
    }

    /// <summary>Opens CIFAR-100, with its 100 classes or the 20 coarse ones. Names come from fine_label_names.txt or coarse_label_names.txt.</summary>
    /// <param name="folder">With train.bin and test.bin, or the one above cifar-100-binary.</param>
    /// <param name="split">train or test.</param>
    /// <param name="isCoarse">The 20 classes of classes.</param>
    /// <exception cref="ImageSourceException">No such split or file, or it is not whole.</exception>
    public static CifarDataset Open100(string folder, string split, bool isCoarse = false)
    {
        string place = Place(folder, "cifar-100-binary", split, ["train", "test"]), file = Path.Combine(place, split + ".bin");
        if (!File.Exists(file)) throw Absent(place, split + ".bin");
        string[] names = Names(Path.Combine(place, isCoarse ? "coarse_label_names.txt" : "fine_label_names.txt"), isCoarse ? 20 : 100);
        return Open(folder, split, [file], names, labelBytes: 2, labelByte: isCoarse ? 0 : 1);
    }

    /// <inheritdoc/>
    public override string NameOf(int index)
    {
        CifarFile file = FileOf(index);
        return $"{file.Path}, record {index - file.First}";
    }

    /// <inheritdoc/>
    public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null)
    {
        CifarFile file = FileOf(index);
        ReadOnlySpan<byte> record = file.Data.AsSpan((index - file.First) * file.RecordBytes + file.RecordBytes - PictureBytes, PictureBytes);
        ReadOnlySpan<byte> red = record[..Plane], green = record.Slice(Plane, Plane), blue = record.Slice(2 * Plane, Plane);
        Span<byte> pixels = picture.Begin(Side, Side);
        for (int i = 0, to = 0; i < Plane; i++, to += 3) (pixels[to], pixels[to + 1], pixels[to + 2]) = (blue[i], green[i], red[i]);
    }

    private static CifarDataset Open(string folder, string split, string[] paths, string[] classes, int labelBytes, int labelByte)
    {
        List<CifarFile> files = [];
        List<float> labels = [];
        foreach (string path in paths)
        {
            int record = labelBytes + PictureBytes;
            long bytes = new FileInfo(path).Length;
            if (bytes == 0 || bytes % record != 0 || bytes > Array.MaxLength)
                throw new ImageSourceException($"{path} has {bytes} bytes, which are not whole records of {record}: {bytes / record} and {bytes % record} bytes more; it is cut off or no CIFAR file.");
            var file = new CifarFile(path, File.ReadAllBytes(path), record, labels.Count);
            for (int at = 0; at < file.Data.Length; at += record)
            {
                byte label = file.Data[at + labelByte];
                if (label >= classes.Length) throw new ImageSourceException($"{path}, record {at / record}: class {label}, but the {classes.Length} classes are 0 … {classes.Length - 1}.");
                labels.Add(label);
            }
            files.Add(file);
        }
        return new CifarDataset(folder, split, classes, [.. labels], files);
    }

    private CifarFile FileOf(int index)
    {
        if ((uint)index >= (uint)Count) throw new ArgumentOutOfRangeException(nameof(index), $"{Name} has the samples 0 … {Count - 1}, got {index}");
        int i = files.Count - 1;
        while (files[i].First > index) i--;
        return files[i];
    }

    private static string Place(string folder, string inside, string split, string[] splits)
    {
        if (!splits.Contains(split)) throw new ImageSourceException($"CIFAR has no split {split}; it has {string.Join(" and ", splits)}.");
        if (!Directory.Exists(folder)) throw new ImageSourceException($"There is no folder {folder}.{MissingPath.Guess(folder)}");
        string deeper = Path.Combine(folder, inside);
        return Directory.Exists(deeper) ? deeper : folder;
    }

    // A name a line; numbers where there is no file.
    private static string[] Names(string path, int count)
    {
        if (!File.Exists(path)) return [.. Enumerable.Range(0, count).Select(c => $"{c}")];
        string[] names = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
        return names.Length == count ? names : throw new ImageSourceException($"{path} has {names.Length} names, {count} classes are expected.");
    }

    private static ImageSourceException Absent(string folder, string file) => new($"No CIFAR data in {folder}: there is no {file}.{MissingPath.Guess(Path.Combine(folder, file))}");

    // One file's records and the number of its first sample.
    private sealed record CifarFile(string Path, byte[] Data, int RecordBytes, int First);
}
