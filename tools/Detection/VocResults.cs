using System.Globalization;
using System.Text;
using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Detections in the files that VOC's own program reads, one a class: <c>comp4_det_test_aeroplane.txt</c> with a line «picture score left top right bottom» a
/// detection, pixels counted from 1 (VOC development kit, §8.2). Written numbers come back as they were.
/// </summary>
public static class VocResults
{
    /// <summary>The competition for detectors trained on any data.</summary>
    public const string Competition = "comp4";

    /// <summary>The file of a class.</summary>
    public static string NameOf(string split, string name) => $"{Competition}_det_{split}_{name}.txt";

    /// <summary>Writes a file for each class, pictures in their order.</summary>
    /// <param name="folder">Made where it is not there.</param>
    /// <param name="split">«test».</param>
    /// <param name="classes">Their names.</param>
    /// <param name="pictures">Their names in the lists.</param>
    /// <param name="found">In each picture.</param>
    /// <exception cref="IOException">A file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string folder, string split, IReadOnlyList<string> classes, IReadOnlyList<string> pictures, IReadOnlyList<IReadOnlyList<Found>> found)
    {
        if (pictures.Count != found.Count) throw new ArgumentException($"detections in {found.Count} pictures, but {pictures.Count} names", nameof(found));
        Directory.CreateDirectory(folder);
        for (int c = 0; c < classes.Count; c++)
        {
            var text = new StringBuilder();
            for (int i = 0; i < pictures.Count; i++)
                foreach (Found f in found[i])
                    if (f.Class == c) text.Append(CultureInfo.InvariantCulture, $"{pictures[i]} {f.Score} {From1(f.Box.Left)} {From1(f.Box.Top)} {From1(f.Box.Right)} {From1(f.Box.Bottom)}\n");
            AtomicFile.WriteText(Path.Combine(folder, NameOf(split, classes[c])), text.ToString());
        }
    }

    /// <summary>Reads the files of all classes; a class without a file has no detections, but one must be there.</summary>
    /// <returns>In each picture, class by class, in the files' order.</returns>
    /// <exception cref="ImageSourceException">There is no file, a picture is not in the list, or a line is broken; the file and the line are named.</exception>
    public static IReadOnlyList<IReadOnlyList<Found>> Read(string folder, string split, IReadOnlyList<string> classes, IReadOnlyList<string> pictures)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < pictures.Count; i++) index[pictures[i]] = i;
        List<Found>[] found = [.. pictures.Select(_ => new List<Found>())];
        int files = 0;
        for (int c = 0; c < classes.Count; c++)
        {
            string path = Path.Combine(folder, NameOf(split, classes[c]));
            if (!File.Exists(path)) continue;
            files++;
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                if (words.Length == 0) continue;
                var values = new double[5];
                bool isWhole = words.Length == 6;
                for (int k = 0; k < 5 && isWhole; k++)
                    isWhole = double.TryParse(words[k + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out values[k]) && (k == 0 ? !double.IsNaN(values[k]) : double.IsFinite(values[k]));
                if (!isWhole) throw new ImageSourceException($"{path}, line {number}: «picture score left top right bottom» is expected, got «{line.Trim()}».");
                if (!index.TryGetValue(words[0], out int picture)) throw new ImageSourceException($"{path}, line {number}: {words[0]} is not among the {pictures.Count} pictures of {split}.");
                found[picture].Add(new Found(c, (float)values[0], new PixelBox((float)(values[1] - 1), (float)(values[2] - 1), (float)(values[3] - 1), (float)(values[4] - 1))));
            }
        }
        return files > 0 ? found : throw new ImageSourceException($"{folder} has no file {NameOf(split, "CLASS")} of any class.");
    }

    // In double, so that every float comes back.
    private static double From1(float from0) => (double)from0 + 1;
}
