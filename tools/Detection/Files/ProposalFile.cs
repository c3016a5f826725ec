using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Boxes of many pictures in one file, of three formats known by their extensions: <c>.mat</c> as selective search was published for VOC (read only),
/// <c>.npz</c> with an array of each picture, and <c>.txt</c> with a line of each box.
/// </summary>
public sealed class ProposalFile : IProposals
{
    private readonly Dictionary<string, IReadOnlyList<PixelBox>> byName = new(StringComparer.Ordinal);

    private ProposalFile(string path, IEnumerable<PictureBoxes> pictures)
    {
        Name = path;
        foreach (PictureBoxes picture in pictures)
            if (!byName.TryAdd(picture.Name, picture.Boxes)) throw new ProposalsException(path, $"two pictures are named {picture.Name}");
        Names = [.. byName.Keys];
    }

    /// <summary>The file, as the caller named it.</summary>
    public string Name { get; }

    /// <summary>The pictures that the file knows, in its order; those without a box are among them.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Boxes of all pictures together.</summary>
    public long Count => byName.Values.Sum(boxes => (long)boxes.Count);

    /// <summary>Extensions that are written.</summary>
    public static IReadOnlyList<string> Written { get; } = [".npz", ".txt"];

    /// <summary>Whether the path's extension is one that is written.</summary>
    public static bool CanWrite(string path) => Written.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a file.</summary>
    /// <exception cref="ProposalsException">Its extension is none of the three, it is broken, or it names a picture twice.</exception>
    /// <exception cref="FormatException">It is no MATLAB or numpy file, or a broken one.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static ProposalFile Read(string path) => new(path, Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".mat" => MatProposals.Read(path),
        ".npz" => NpzProposals.Read(path),
        ".txt" => TextProposals.Read(path),
        string other => throw new ProposalsException(path, $"boxes are read from .mat, .npz and .txt, not from «{other}»"),
    });

    /// <summary>Writes a file whole or not at all, pictures in the order given.</summary>
    /// <exception cref="ProposalsException">Another extension than .npz and .txt, two pictures of one name, or one without a name.</exception>
    /// <exception cref="IOException">It could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, IEnumerable<PictureBoxes> pictures, CancellationToken cancellation = default)
    {
        PictureBoxes[] all = [.. pictures];
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (PictureBoxes picture in all)
        {
            if (picture.Name.Length == 0) throw new ProposalsException(path, "a picture has no name");
            if (!names.Add(picture.Name)) throw new ProposalsException(path, $"two pictures are named {picture.Name}; they would be one in the file");
        }
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".npz": NpzProposals.Write(path, all, cancellation); break;
            case ".txt": TextProposals.Write(path, all, cancellation); break;
            case string other: throw new ProposalsException(path, $"boxes are written to {string.Join(" and ", Written)}, not to «{other}»");
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<PixelBox> Of(string path)
    {
        string name = PictureBoxes.NameOf(path);
        if (byName.TryGetValue(name, out IReadOnlyList<PixelBox>? boxes)) return boxes;
        throw new ProposalsException(Name, Names.Count == 0 ? $"has no boxes for {name}: it is empty" : $"has no boxes for {name}; it knows {Names.Count} pictures, from {Names[0]} to {Names[^1]}");
    }
}
