using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>How many of the objects in annotated pictures are found by proposals: the share that some box overlaps far enough (Uijlings et al. 2013, §5).</summary>
public sealed class ProposalRecall
{
    // For each object its class, and the best overlap with the first 1, 2, … boxes where it grows.
    private readonly List<(int Class, List<(int Boxes, double Overlap)> Best)> objects = [];

    private readonly List<int> counts = [];

    /// <summary>Pictures.</summary>
    public int Pictures => counts.Count;

    /// <summary>Objects that are not difficult.</summary>
    public int Objects => objects.Count;

    /// <summary>Boxes of a picture, in the mean, of the first <paramref name="most"/> of each.</summary>
    public double MeanBoxes(int most) => counts.Count == 0 ? double.NaN : counts.Average(c => (double)Math.Min(c, most));

    /// <summary>Adds a picture. Difficult objects are not asked for.</summary>
    public void Add(VocAnnotation annotation, IReadOnlyList<PixelBox> boxes)
    {
        counts.Add(boxes.Count);
        foreach (VocObject o in annotation.Objects)
        {
            if (o.IsDifficult) continue;
            var best = new List<(int, double)>();
            double largest = 0;
            for (int i = 0; i < boxes.Count; i++)
            {
                if (boxes[i].IoU(o.Box) is var overlap && overlap <= largest) continue;
                largest = overlap;
                best.Add((i + 1, overlap));
            }
            objects.Add((o.Class, best));
        }
    }

    /// <summary>The share of objects that one of their picture's first boxes overlaps by at least this much; NaN without objects.</summary>
    /// <param name="overlap">Intersection over union.</param>
    /// <param name="most">First boxes of each picture.</param>
    /// <param name="class">Only objects of this class.</param>
    public double At(double overlap, int most = int.MaxValue, int? @class = null) => Mean(@class, best => Best(best, most) >= overlap ? 1 : 0);

    /// <summary>The best overlap, in the mean over the objects of each class and then over the classes that there are (MABO).</summary>
    public double MeanBestOverlap(int most = int.MaxValue) =>
        objects.Count == 0 ? double.NaN : objects.Select(o => o.Class).Distinct().Average(c => Mean(c, best => Best(best, most)));

    private double Mean(int? @class, Func<List<(int, double)>, double> value)
    {
        double sum = 0;
        int count = 0;
        foreach ((int c, List<(int, double)> best) in objects)
        {
            if (@class is { } wanted && wanted != c) continue;
            sum += value(best);
            count++;
        }
        return count > 0 ? sum / count : double.NaN;
    }

    private static double Best(List<(int Boxes, double Overlap)> best, int most)
    {
        double overlap = 0;
        foreach ((int boxes, double o) in best)
        {
            if (boxes > most) break;
            overlap = o;
        }
        return overlap;
    }
}
