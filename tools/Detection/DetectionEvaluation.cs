using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Average precision of detections by PASCAL VOC's rules (Everingham et al. 2010, §4.2.2). Detections of a class are taken by falling score, among equal
/// scores in the order of pictures and in each picture in their own; each is held against the object of its class in its picture that it overlaps most,
/// the first of several: a hit where the overlap is enough and nobody had it before, not judged where that object is difficult, else an error — also a
/// second hit of the same object.
/// </summary>
public sealed class DetectionEvaluation : IEvaluation
{
    /// <summary>Least overlap of a hit: VOC's.</summary>
    public const double LeastOverlap = 0.5;

    private DetectionEvaluation(MultiLabelEvaluation precision, int pictures, int found, double seconds) => (Precision, Pictures, Detections, Seconds) = (precision, pictures, found, seconds);

    /// <summary>Class by class; its positives are objects that are not difficult, what it ignores are detections of difficult ones.</summary>
    public MultiLabelEvaluation Precision { get; }

    /// <summary>Judged.</summary>
    public int Pictures { get; }

    /// <summary>Of all classes.</summary>
    public int Detections { get; }

    /// <summary>How long the detector took.</summary>
    public double Seconds { get; }

    /// <inheritdoc/>
    public int Views => 1;

    /// <summary>Mean average precision by a rule, over the classes that have objects; null where none has.</summary>
    public double? Mean(AveragePrecisionRule rule) => Precision.Mean(rule);

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, double>> Values()
    {
        yield return new("map", Mean(AveragePrecisionRule.Voc11Point) ?? double.NaN);
        yield return new("map.area", Mean(AveragePrecisionRule.Area) ?? double.NaN);
        yield return new("map.step", Mean(AveragePrecisionRule.Step) ?? double.NaN);
    }

    /// <summary>Judges.</summary>
    /// <param name="classes">Their names.</param>
    /// <param name="objects">Of each picture.</param>
    /// <param name="found">In each picture.</param>
    /// <param name="leastOverlap">Of a hit.</param>
    /// <param name="seconds">How long the detector took.</param>
    /// <exception cref="ArgumentException">Another number of pictures, an unknown class, or a score that is not a number.</exception>
    public static DetectionEvaluation Of(
        IReadOnlyList<string> classes, IReadOnlyList<IReadOnlyList<VocObject>> objects, IReadOnlyList<IReadOnlyList<Found>> found, double leastOverlap = LeastOverlap,
        double seconds = 0)
    {
        if (objects.Count != found.Count) throw new ArgumentException($"detections in {found.Count} pictures, objects in {objects.Count}", nameof(found));
        for (int i = 0; i < found.Count; i++)
            foreach (Found f in found[i])
                if (f.Class < 0 || f.Class >= classes.Count || float.IsNaN(f.Score))
                    throw new ArgumentException($"picture {i} has a detection of class {f.Class} with the score {f.Score}; classes are 0 … {classes.Count - 1}, and scores are numbers", nameof(found));
        ClassPrecision[] all = [.. classes.Select((name, c) => new ClassPrecision(name, Rank(c, objects, found, leastOverlap)))];
        return new DetectionEvaluation(new MultiLabelEvaluation(all), objects.Count, found.Sum(f => f.Count), seconds);
    }

    private static Ranking Rank(int c, IReadOnlyList<IReadOnlyList<VocObject>> objects, IReadOnlyList<IReadOnlyList<Found>> found, double leastOverlap)
    {
        VocObject[][] own = [.. objects.Select(o => o.Where(v => v.Class == c).ToArray())];
        bool[][] had = [.. own.Select(o => new bool[o.Length])];
        // A stable order, as that of VOC's own program.
        (int Picture, Found Found)[] ranked = [.. found.SelectMany((f, picture) => f.Where(d => d.Class == c).Select(d => (picture, d))).OrderByDescending(d => d.d.Score)];
        var judged = new List<RankedSample>(ranked.Length);
        int positives = own.Sum(o => o.Count(v => !v.IsDifficult)), right = 0, ignored = 0;
        foreach ((int picture, Found detection) in ranked)
        {
            (int best, double overlap) = (-1, 0);
            for (int i = 0; i < own[picture].Length; i++)
                if (own[picture][i].Box.IoU(detection.Box) is var with && with > overlap) (best, overlap) = (i, with);
            bool isHit = best >= 0 && overlap >= leastOverlap;
            if (isHit && own[picture][best].IsDifficult)
            {
                ignored++;
                continue;
            }
            bool isRight = isHit && !had[picture][best];
            if (isRight)
            {
                had[picture][best] = true;
                right++;
            }
            judged.Add(new RankedSample(picture, detection.Score, isRight, right, judged.Count + 1, positives));
        }
        return Ranking.Of(judged, positives, ignored);
    }
}
