namespace EvenNet.Framework;

/// <summary>
/// One split of one year of PASCAL VOC (Everingham et al. 2010): pictures, the 20 classes of each, and the boxes. A picture's label of a class is 1, 0, or
/// <see cref="Dataset.Ignored"/> where all its objects of that class are difficult: from the classes' lists in ImageSets/Main, or where there are none from
/// the annotations.
/// </summary>
public sealed class VocDataset : FileDataset
{
    private readonly string year;
    private readonly string[] names;
    private readonly VocAnnotation?[] annotations;

    private VocDataset(string year, string split, string[] names, float[] labels, string[] paths, VocAnnotation?[] annotations, ImageFiles files)
        : base(year, split, ClassNames, labels, isMultiLabel: true, paths, files) => (this.year, this.names, this.annotations) = (year, names, annotations);

    /// <summary>The 20 classes, in the order of their names.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
    [
        "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
        "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];

    /// <summary>Opens a split.</summary>
    /// <param name="folder">VOCdevkit, or a year's folder in it.</param>
    /// <param name="split">train, val, trainval or test.</param>
    /// <param name="files">Opens the pictures.</param>
    /// <param name="year">In a VOCdevkit with several: 2007, or the oldest, unless given.</param>
    /// <param name="checkAnnotations">Read those annotations that are there at once, so that a broken one is known before the work begins.</param>
    /// <exception cref="ImageSourceException">No VOC data there, no such split, lists that disagree, missing pictures, or a broken annotation.</exception>
    public static VocDataset Open(string folder, string split, ImageFiles files, int? year = null, bool checkAnnotations = true)
    {
        string root = VocFolder.Find(folder, year);
        string[] names = VocFolder.Split(root, split);
        string[] paths = [.. names.Select(name => Path.Combine(root, "JPEGImages", name + ".jpg"))];
        RequirePresent(paths, Path.Combine(root, "ImageSets", "Main", split + ".txt"));
        string[] lists = [.. ClassNames.Select(name => Path.Combine(root, "ImageSets", "Main", $"{name}_{split}.txt"))];
        bool hasLists = lists.Any(File.Exists);
        var annotations = new VocAnnotation?[names.Length];
        if (checkAnnotations || !hasLists) ReadAnnotations(root, names, annotations, isRequired: !hasLists);
        return new VocDataset(root, split, names, hasLists ? FromLists(lists, names, split) : FromAnnotations(annotations), paths, annotations, files);
    }

    /// <summary>Whether there is such a split.</summary>
    /// <exception cref="ImageSourceException">No VOC data there.</exception>
    public static bool HasSplit(string folder, string split, int? year = null) => File.Exists(Path.Combine(VocFolder.Find(folder, year), "ImageSets", "Main", split + ".txt"));

    /// <summary>A sample's name in the lists: «000005».</summary>
    public string Id(int index) => names[index];

    /// <summary>The size and objects of a sample.</summary>
    /// <exception cref="ImageSourceException">Its file is missing or broken.</exception>
    public VocAnnotation Annotation(int index) => annotations[index] ??= VocAnnotation.Read(AnnotationPath(year, names[index]));

    private static string AnnotationPath(string year, string name) => Path.Combine(year, "Annotations", name + ".xml");

    // The first broken one in order is reported, whichever thread came first.
    private static void ReadAnnotations(string year, string[] names, VocAnnotation?[] annotations, bool isRequired)
    {
        var errors = new ImageSourceException?[names.Length];
        Parallel.For(0, names.Length, i =>
        {
            string path = AnnotationPath(year, names[i]);
            try
            {
                if (isRequired || File.Exists(path)) annotations[i] = VocAnnotation.Read(path);
            }
            catch (ImageSourceException error)
            {
                errors[i] = error;
            }
        });
        if (errors.FirstOrDefault(e => e is not null) is { } first) throw first;
    }

    private static float[] FromAnnotations(VocAnnotation?[] annotations)
    {
        float[] labels = new float[annotations.Length * ClassNames.Count];
        for (int i = 0; i < labels.Length; i++) labels[i] = annotations[i / ClassNames.Count]!.Label(i % ClassNames.Count);
        return labels;
    }

    private static float[] FromLists(string[] lists, string[] names, string split)
    {
        Dictionary<string, int> position = new(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
            if (!position.TryAdd(names[i], i)) throw new ImageSourceException($"{Path.Combine(Path.GetDirectoryName(lists[0])!, split + ".txt")} names {names[i]} twice.");
        float[] labels = new float[names.Length * ClassNames.Count];
        for (int c = 0; c < lists.Length; c++)
        {
            if (!File.Exists(lists[c])) throw new ImageSourceException($"There is no file {lists[c]}, but other classes have theirs.{MissingPath.Guess(lists[c])}");
            int number = 0, count = 0;
            foreach (string line in File.ReadLines(lists[c]))
            {
                number++;
                string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                if (words.Length == 0) continue;
                if (words.Length != 2 || words[1] is not ("1" or "-1" or "0")) throw new ImageSourceException($"{lists[c]}, line {number}: a picture and 1, -1 or 0 are expected, got «{line.Trim()}».");
                if (!position.TryGetValue(words[0], out int at)) throw new ImageSourceException($"{lists[c]}, line {number}: {words[0]} is not in {split}.txt.");
                labels[at * ClassNames.Count + c] = words[1] switch { "1" => 1, "0" => Ignored, _ => 0 };
                count++;
            }
            if (count != names.Length) throw new ImageSourceException($"{lists[c]} has {count} labels, but {split}.txt names {names.Length} pictures.");
        }
        return labels;
    }
}
