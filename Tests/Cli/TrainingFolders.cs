using System.Buffers.Binary;
using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

/// <summary>Small data sets of every kind, the same in every run, whose classes can be told apart.</summary>
internal static class TrainingFolders
{
    /// <summary>CIFAR-10 in its binary form.</summary>
    public static string Cifar(string folder, int training = 40, int test = 20)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "data_batch_1.bin"), Records(training, seed: 1));
        File.WriteAllBytes(Path.Combine(folder, "test_batch.bin"), Records(test, seed: 2));
        return folder;
    }

    /// <summary>CIFAR-100 in its binary form: each record begins with the number of a group of classes, and the class.</summary>
    public static string Cifar100(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach ((string name, int count) in new[] { ("train", 40), ("test", 20) })
            File.WriteAllBytes(Path.Combine(folder, $"{name}.bin"), [.. Records(count, seed: count).Chunk(3073).SelectMany((record, i) => (byte[])[(byte)(i % 20), (byte)(record[0] + 90), .. record.Skip(1)])]);
        return folder;
    }

    /// <summary>A folder for each class in a folder for each split; pictures of 40×36.</summary>
    public static string Folders(string folder, params (string Split, string[] Classes, int Pictures)[] splits)
    {
        foreach ((string split, string[] classes, int pictures) in splits)
            foreach (string name in classes)
                PictureFolder.Make(Path.Combine(folder, split, name), pictures, width: 40, height: 36, seed: name.Length + split.Length);
        return folder;
    }

    /// <summary>IDX files of 28×28 pictures.</summary>
    public static string Idx(string folder, int training = 40, int test = 20)
    {
        Directory.CreateDirectory(folder);
        foreach ((string name, int count) in new[] { ("train", training), ("t10k", test) })
        {
            var random = new Random(count);
            File.WriteAllBytes(Path.Combine(folder, $"{name}-images-idx3-ubyte"), IdxFile([count, 28, 28], [.. Enumerable.Range(0, count * 784).Select(i => (byte)(i / 784 % 10 * 20 + random.Next(30)))]));
            File.WriteAllBytes(Path.Combine(folder, $"{name}-labels-idx1-ubyte"), IdxFile([count], [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))]));
        }
        return folder;
    }

    /// <summary>A VOCdevkit with trainval and test; every picture is the same small JPEG. Labels come from the annotations.</summary>
    public static string Voc(string folder, int training = 6, int test = 4)
    {
        string year = Path.Combine(folder, "VOC2007");
        foreach (string part in (string[])["JPEGImages", "Annotations", "ImageSets/Main"]) Directory.CreateDirectory(Path.Combine(year, part));
        string[] ids = [.. Enumerable.Range(1, training + test).Select(i => $"{i:000000}")];
        foreach ((string id, int i) in ids.Select((id, i) => (id, i)))
        {
            File.WriteAllBytes(Path.Combine(year, "JPEGImages", id + ".jpg"), JpegSamples.Baseline);
            string name = VocDataset.ClassNames[i % 3];
            File.WriteAllText(Path.Combine(year, "Annotations", id + ".xml"), "<annotation><size><width>50</width><height>40</height><depth>3</depth></size>"
                + $"<object><name>{name}</name><difficult>{i % 2}</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>50</xmax><ymax>40</ymax></bndbox></object></annotation>");
        }
        File.WriteAllLines(Path.Combine(year, "ImageSets", "Main", "trainval.txt"), ids[..training]);
        File.WriteAllLines(Path.Combine(year, "ImageSets", "Main", "test.txt"), ids[training..]);
        return folder;
    }

    private static byte[] IdxFile(int[] sizes, byte[] data)
    {
        byte[] header = new byte[4 + 4 * sizes.Length];
        (header[2], header[3]) = (8, (byte)sizes.Length);
        for (int i = 0; i < sizes.Length; i++) BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), sizes[i]);
        return [.. header, .. data];
    }

    // Stripes of the class's direction and width, and noise.
    private static byte[] Records(int count, int seed)
    {
        var random = new Random(seed);
        byte[] all = new byte[count * 3073];
        for (int i = 0; i < count; i++)
        {
            Span<byte> record = all.AsSpan(i * 3073, 3073);
            int label = i % 10;
            record[0] = (byte)label;
            for (int p = 0; p < 3072; p++)
            {
                int x = p % 32, y = p / 32 % 32;
                record[1 + p] = (byte)Math.Clamp(128 + 80 * Math.Sin((label % 2 == 0 ? x : y) * (0.3 + 0.12 * label) + p / 1024) + random.Next(-20, 21), 0, 255);
            }
        }
        return all;
    }
}
