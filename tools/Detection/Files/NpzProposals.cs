using EvenNet.Framework;
using EvenNet.Interop;

namespace EvenNet.Detection;

/// <summary>Boxes in a file of numpy's: for each picture an array of its name, n×4 numbers left, top, right, bottom, counted from 0, both ends included.</summary>
internal static class NpzProposals
{
    public static IEnumerable<PictureBoxes> Read(string path)
    {
        using NpzFile file = Npz.Open(path);
        var pictures = new List<PictureBoxes>();
        foreach (NpzArray array in file.Arrays)
        {
            if (array.Shape is not [long count, 4] || count > Array.MaxLength / 4)
                throw new ProposalsException(path, $"the boxes of {array.Name} have the sizes ({string.Join(", ", array.Shape)}); (n, 4) are expected");
            if (count > 0 && !file.CanRead(array)) throw new ProposalsException(path, $"the boxes of {array.Name} are {array.DataType}; {file.ReadableTypes} are read (boxes.astype('float32'))");
            float[] sides = new float[4 * count];
            if (count > 0) file.Read(array.Name, 0, sides);
            var boxes = new PixelBox[count];
            for (int i = 0; i < boxes.Length; i++)
            {
                boxes[i] = new PixelBox(sides[4 * i], sides[4 * i + 1], sides[4 * i + 2], sides[4 * i + 3]);
                if (PictureBoxes.Problem(boxes[i]) is { } problem) throw new ProposalsException(path, $"box {i + 1} of {array.Name}: {problem}");
            }
            pictures.Add(new PictureBoxes(array.Name, boxes));
        }
        return pictures;
    }

    public static void Write(string path, PictureBoxes[] pictures, CancellationToken cancellation) =>
        Npz.Write(path, pictures.Select(p => SafetensorsSource.Of(p.Name, [p.Boxes.Count, 4], p.Boxes.SelectMany(b => (float[])[b.Left, b.Top, b.Right, b.Bottom]).ToArray())), cancellation);
}
