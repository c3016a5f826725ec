using EvenNet.Framework;
using EvenNet.Interop;

namespace EvenNet.Detection;

/// <summary>
/// Selective search's boxes as they were published for VOC and come with R-CNN and Fast R-CNN: cells <c>boxes</c> with a matrix of n×4 of each picture,
/// (top, left, bottom, right) counted from 1, and cells <c>images</c> with the pictures' names.
/// </summary>
internal static class MatProposals
{
    private static readonly string[] BoxNames = ["boxes", "all_boxes"], PictureNames = ["images", "image_ids"];

    public static IEnumerable<PictureBoxes> Read(string path)
    {
        IReadOnlyList<MatArray> variables = MatFile.Read(path);
        MatCells boxes = Cells(path, variables, BoxNames), pictures = Cells(path, variables, PictureNames);
        if (boxes.Count != pictures.Count) throw new ProposalsException(path, $"{boxes.Name} has {boxes.Count} cells, but {pictures.Name} has {pictures.Count}");
        return boxes.Cells.Zip(pictures.Cells, (b, p) =>
        {
            string name = p is MatText { Text.Length: > 0 } text ? PictureBoxes.NameOf(text.Text) : throw new ProposalsException(path, $"{pictures.Name} holds {p} where a picture's name is expected");
            return new PictureBoxes(name, Boxes(path, name, b));
        });
    }

    private static MatCells Cells(string path, IReadOnlyList<MatArray> variables, string[] names) =>
        names.Select(name => variables.FirstOrDefault(v => v.Name == name)).FirstOrDefault(v => v is not null) switch
        {
            MatCells cells => cells,
            { } other => throw new ProposalsException(path, $"{other.Name} has {other}; cells are expected"),
            null => throw new ProposalsException(path, $"has no variable {names[0]}; it has {(variables.Count == 0 ? "none" : string.Join(", ", variables.Select(v => v.Name)))}"),
        };

    private static PixelBox[] Boxes(string path, string name, MatArray array)
    {
        if (array is MatNumbers && array.Count == 0) return [];
        if (array is not MatNumbers numbers || array.Dimensions is not [int count, 4]) throw new ProposalsException(path, $"the boxes of {name} are {array}; n×4 numbers are expected");
        var boxes = new PixelBox[count];
        for (int i = 0; i < count; i++)
        {
            boxes[i] = new PixelBox((float)(numbers[count + i] - 1), (float)(numbers[i] - 1), (float)(numbers[3L * count + i] - 1), (float)(numbers[2L * count + i] - 1));
            if (PictureBoxes.Problem(boxes[i]) is { } problem) throw new ProposalsException(path, $"box {i + 1} of {name}: {problem}");
        }
        return boxes;
    }
}
