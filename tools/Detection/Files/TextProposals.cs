using System.Globalization;
using System.Text;
using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Boxes as text, one a line: the picture's name, left, top, right, bottom, counted from 0, both ends included, with tabs or spaces between (where the name
/// has spaces itself, tabs). A line with a name alone is a picture without boxes. Blank lines and lines that start with # are passed over. The lines of a
/// picture follow each other.
/// </summary>
internal static class TextProposals
{
    private const int Words = 5;

    public static IEnumerable<PictureBoxes> Read(string path)
    {
        var pictures = new List<PictureBoxes>();
        List<PixelBox> boxes = [];
        long number = 0, offset = 0;
        float[] sides = new float[4];
        foreach (string line in File.ReadLines(path))
        {
            number++;
            long start = offset;
            offset += Encoding.UTF8.GetByteCount(line) + 1;
            if (line.AsSpan().Trim().IsEmpty || line[0] == '#') continue;
            string[] words = line.Contains('\t') ? line.Split('\t') : line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [_, ""]) words = words[..1];
            if (words.Length is not (1 or Words) || words[0].Length == 0 || words[0].Any(char.IsControl)) throw Broken("a picture's name and four numbers are expected, or a name alone");
            if (pictures.Count == 0 || pictures[^1].Name != words[0])
            {
                boxes = [];
                pictures.Add(new PictureBoxes(words[0], boxes));
            }
            if (words.Length == 1) continue;
            for (int i = 0; i < sides.Length; i++)
                if (!float.TryParse(words[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out sides[i])) throw Broken($"«{Shown(words[i + 1])}» is no number");
            var box = new PixelBox(sides[0], sides[1], sides[2], sides[3]);
            boxes.Add(PictureBoxes.Problem(box) is { } problem ? throw Broken(problem) : box);

            ProposalsException Broken(string reason) => new(path, $"line {number} (byte {start}): {reason}");
        }
        return pictures;
    }

    public static void Write(string path, PictureBoxes[] pictures, CancellationToken cancellation)
    {
        foreach (PictureBoxes picture in pictures)
            if (picture.Name.Any(char.IsControl) || picture.Name[0] == '#' || picture.Name != picture.Name.Trim())
                throw new ProposalsException(path, $"a text cannot hold the name «{Shown(picture.Name)}»; write .npz");
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            writer.WriteLine("# picture, left, top, right, bottom: pixels counted from 0, both ends included; the most promising box of a picture first");
            foreach (PictureBoxes picture in pictures)
            {
                if (picture.Boxes.Count == 0) writer.WriteLine($"{picture.Name}{(picture.Name.Contains(' ') ? "\t" : "")}");
                foreach (PixelBox b in picture.Boxes)
                    writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{picture.Name}\t{b.Left}\t{b.Top}\t{b.Right}\t{b.Bottom}"));
            }
        }, cancellation: cancellation);
    }

    private static string Shown(string word) => string.Concat(word.Take(40).Select(c => char.IsControl(c) ? '?' : c));
}
