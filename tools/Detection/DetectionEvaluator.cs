using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Looks for objects in all pictures of a set and judges what is found. Of each class and picture the best hundred are kept, and of each class so many in all
/// that forty a picture remain, the rest falling below a threshold that rises on the way; then suppression (Girshick's program).
/// </summary>
public sealed class DetectionEvaluator : IEvaluator
{
    private readonly Detector detector;
    private readonly DetectionSet set;

    /// <summary>An evaluator.</summary>
    /// <param name="detector">What is judged.</param>
    /// <param name="set">What it is judged on.</param>
    public DetectionEvaluator(Detector detector, DetectionSet set) => (this.detector, this.set) = (detector, set);

    /// <summary>What is judged on.</summary>
    public DetectionSet Set => set;

    /// <inheritdoc/>
    public int Views => 1;

    /// <summary>What the last run found, in each picture of the set.</summary>
    public IReadOnlyList<IReadOnlyList<Found>> Found { get; private set; } = [];

    /// <inheritdoc/>
    public IEvaluation Run(IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        Found = Find(progress, cancellation);
        return DetectionEvaluation.Of(set.Classes, [.. Enumerable.Range(0, set.Count).Select(i => set.Annotation(i).Objects)], Found, seconds: Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Looks at the first picture only: finds in a moment what would stop <see cref="Run"/> later.</summary>
    public void Try()
    {
        var picture = new ImageBuffer();
        set.Read(0, picture);
        detector.Score(picture, set.Boxes(0), set.NameOf(0));
    }

    private IReadOnlyList<IReadOnlyList<Found>> Find(IProgress<double>? progress, CancellationToken cancellation)
    {
        FastRcnnOptions options = detector.Options;
        int classes = set.Classes.Count, most = options.MeanOfClass * set.Count;
        float[] above = new float[classes];
        Array.Fill(above, float.NegativeInfinity);
        PriorityQueue<float, float>[] best = [.. Enumerable.Range(0, classes).Select(_ => new PriorityQueue<float, float>())];
        var kept = new List<Found>[set.Count, classes];
        var picture = new ImageBuffer();
        for (int i = 0; i < set.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            set.Read(i, picture);
            ScoredRegions scored = detector.Score(picture, set.Boxes(i), set.NameOf(i));
            for (int c = 0; c < classes; c++)
            {
                kept[i, c] = scored.Best(c, above[c], options.MostOfClass);
                foreach (Found f in kept[i, c]) best[c].Enqueue(f.Score, f.Score);
                if (best[c].Count <= most) continue;
                while (best[c].Count > most) best[c].Dequeue();
                above[c] = best[c].Peek();
            }
            progress?.Report((i + 1.0) / set.Count);
        }
        return [.. Enumerable.Range(0, set.Count).Select(i =>
            (IReadOnlyList<Found>)[.. Enumerable.Range(0, classes).SelectMany(c => Suppression.Apply(kept[i, c].Where(f => f.Score > above[c]), options.Suppression))])];
    }
}
