using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace EvenNet.Framework;

/// <summary>What is in a VOC picture, from its file in Annotations.</summary>
/// <param name="Width">Of the picture, in pixels.</param>
/// <param name="Height">Of the picture.</param>
/// <param name="Objects">In the file's order.</param>
public sealed record VocAnnotation(int Width, int Height, IReadOnlyList<VocObject> Objects)
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="ImageSourceException">It is missing or broken, an object is of no class, or a box lies outside the picture.</exception>
    public static VocAnnotation Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            using var reader = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreWhitespace = true });
            XElement root = XElement.Load(reader);
            XElement size = root.Element("size") ?? throw new ImageSourceException($"{path} has no element size.");
            int width = (int)Number(size, "width", path), height = (int)Number(size, "height", path);
            if (width <= 0 || height <= 0) throw new ImageSourceException($"{path} says that its picture is {width}×{height} pixels.");
            return new VocAnnotation(width, height, [.. root.Elements("object").Select((o, i) => Object(o, i + 1, width, height, path))]);
        }
        catch (XmlException error)
        {
            throw new ImageSourceException($"{path} is broken XML: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageSourceException(File.Exists(path) ? $"{path} cannot be read: {error.Message}" : $"There is no file {path}.", error);
        }
    }

    /// <summary>The label of a class: 1 where an object of it is there, <see cref="Dataset.Ignored"/> where all are difficult, else 0.</summary>
    public float Label(int @class)
    {
        float label = 0;
        foreach (VocObject o in Objects)
        {
            if (o.Class != @class) continue;
            if (!o.IsDifficult) return 1;
            label = Dataset.Ignored;
        }
        return label;
    }

    private static VocObject Object(XElement element, int number, int width, int height, string path)
    {
        string name = element.Element("name")?.Value.Trim() ?? "", place = $"{path}, object {number} ({name})";
        int index = Dataset.IndexOf(VocDataset.ClassNames, name);
        if (index < 0) throw new ImageSourceException($"{place}: no such class; did you mean {NearestName.Of(name, VocDataset.ClassNames)}?");
        XElement box = element.Element("bndbox") ?? throw new ImageSourceException($"{place} has no bndbox.");
        double left = Number(box, "xmin", place), top = Number(box, "ymin", place), right = Number(box, "xmax", place), bottom = Number(box, "ymax", place);
        Check("x", left, right, width);
        Check("y", top, bottom, height);
        return new VocObject(index, new PixelBox((float)(left - 1), (float)(top - 1), (float)(right - 1), (float)(bottom - 1)), Flag(element, "difficult"), Flag(element, "truncated"));

        void Check(string axis, double low, double high, int most)
        {
            string? problem = low > high ? Invariant($"{axis}min {low} > {axis}max {high}") : low < 1 ? Invariant($"{axis}min {low} is below 1") : high > most ? Invariant($"{axis}max {high} is above {most}") : null;
            if (problem is not null) throw new ImageSourceException($"{place}: {problem}; the picture is {width}×{height}.");
        }
    }

    private static double Number(XElement parent, string name, string place)
    {
        string? text = parent.Element(name)?.Value;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) && Math.Abs(value) <= Image.LongestSide
            ? value
            : throw new ImageSourceException($"{place}: {name} is «{text}», a number of pixels is expected.");
    }

    private static bool Flag(XElement element, string name) => element.Element(name)?.Value.Trim() == "1";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
