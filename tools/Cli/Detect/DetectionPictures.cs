using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Pictures of what a detector found, in a run's folder: <c>detections-000001.png</c>; the report shows them.</summary>
internal static class DetectionPictures
{
    private const int Most = 12, MostBoxes = 6;
    private const float Least = 0.3f;

    /// <summary>Draws the pictures with the surest detections, in place of those of an earlier session.</summary>
    public static void Write(string folder, DetectionSet set, IReadOnlyList<IReadOnlyList<Found>> found)
    {
        foreach (string earlier in Directory.EnumerateFiles(folder, Report.RunData.PicturePattern)) File.Delete(earlier);
        foreach (int index in Enumerable.Range(0, set.Count).Where(i => found[i].Count > 0).OrderByDescending(i => found[i].Max(f => f.Score)).Take(Most))
        {
            var picture = new ImageBuffer();
            set.Read(index, picture);
            var image = new Image(picture.Width, picture.Height, picture.Pixels.ToArray());
            Found[] best = [.. found[index].OrderByDescending(f => f.Score)];
            BoxPicture.Draw(image, [.. best.Where((f, i) => i == 0 || f.Score >= Least).Take(MostBoxes)], set.Classes);
            PngWriter.Write(Path.Combine(folder, $"detections-{set.Id(index)}.png"), image);
        }
    }
}
