using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>Fast R-CNN in use: scores a picture's regions and moves their boxes, at one scale. Regions that are pooled from the same cells are computed once.</summary>
public sealed class Detector : IDisposable
{
    // Of a pass over the layers above the RoI pooling.
    private const int RegionsAtOnce = 256;

    private readonly DetectorNet net;
    private readonly DeltaScaling scaling;
    private readonly FastRcnnOptions options;
    private readonly DetectorPlans plans;

    /// <summary>A detector.</summary>
    /// <param name="parameters">Of any of the net's graphs; what they hold at each call is used.</param>
    /// <param name="net">The net.</param>
    /// <param name="scaling">What its boxes were learned with.</param>
    /// <param name="options">How it is used.</param>
    public Detector(ParameterSet parameters, DetectorNet net, DeltaScaling scaling, FastRcnnOptions options)
    {
        if (scaling.Labels != net.Labels) throw new ArgumentException($"scaling of {scaling.Labels} labels, the net has {net.Labels}", nameof(scaling));
        (this.net, this.scaling, this.options) = (net, scaling, options);
        plans = new DetectorPlans(parameters, net, pictures: 1, RegionsAtOnce, graph => new NetOptions { Backward = false, Outputs = [graph.Probabilities, graph.Shifts], Observe = [graph.Map] });
    }

    /// <summary>How it is used.</summary>
    public FastRcnnOptions Options => options;

    /// <summary>A picture's regions with the scores of all classes and their boxes, within the picture; none without regions.</summary>
    /// <exception cref="DivergenceException">A score is not finite.</exception>
    public ScoredRegions Score(ImageBuffer picture, IReadOnlyList<PixelBox> regions, string name)
    {
        int count = Math.Min(regions.Count, options.Proposals ?? regions.Count), labels = net.Labels;
        var scored = new ScoredRegions(count, net.Classes);
        if (count == 0) return scored;
        var at = PictureScaling.Of(picture.Width, picture.Height, options.TestSide, options.TestLongest);
        Shape canvas = DetectorPlans.Canvas(at.Height, at.Width);
        (DetectorGraph graph, Net plan) = plans.For(canvas);
        var pixels = new float[canvas.Count];
        at.Draw(picture, mirrored: false, options.Mean, pixels, canvas.Height, canvas.Width);
        plan.Load(graph.Pictures, pixels);

        var pooling = (RoiPooling)graph.Graph[net.Cut].Layer;
        var places = new Dictionary<RoiCells, int>();
        int[] place = new int[count];
        var distinct = new List<int>();
        for (int r = 0; r < count; r++)
        {
            PixelBox box = at.Of(regions[r]);
            RoiCells cells = pooling.Cells(0, box.Left, box.Top, box.Right, box.Bottom, pictures: 1, r);
            if (!places.TryGetValue(cells, out place[r]))
            {
                places[cells] = place[r] = distinct.Count;
                distinct.Add(r);
            }
        }
        var input = new float[5 * RegionsAtOnce];
        var probabilities = new float[distinct.Count * labels];
        var boxes = new PixelBox[distinct.Count * net.Classes];
        for (int first = 0; first < distinct.Count; first += RegionsAtOnce)
        {
            int some = Math.Min(RegionsAtOnce, distinct.Count - first);
            for (int i = 0; i < RegionsAtOnce; i++)
            {
                PixelBox box = i < some ? at.Of(regions[distinct[first + i]]) : default;
                ReadOnlySpan<float> values = [i < some ? 0 : -1, box.Left, box.Top, box.Right, box.Bottom];
                values.CopyTo(input.AsSpan(5 * i, 5));
            }
            plan.Load(graph.Regions, input);
            if (first == 0) plan.Forward(Phase.Test);
            else plan.ForwardAfter(graph.Map, Phase.Test);
            float[] p = plan.Read(graph.Probabilities), shifts = plan.Read(graph.Shifts);
            p.AsSpan(0, some * labels).CopyTo(probabilities.AsSpan(first * labels));
            for (int i = 0; i < some; i++)
                for (int c = 0; c < net.Classes; c++)
                    boxes[(first + i) * net.Classes + c] = scaling.Unscale(c + 1, shifts.AsSpan(4 * (i * labels + c + 1), 4)).Of(regions[distinct[first + i]]).Clip(picture.Width, picture.Height);
        }
        foreach (float p in probabilities)
            if (!float.IsFinite(p)) throw DivergenceException.OfScores(graph.Probabilities.Name, name);
        for (int r = 0; r < count; r++)
        {
            probabilities.AsSpan(place[r] * labels + 1, net.Classes).CopyTo(scored.Scores.AsSpan(r * net.Classes));
            boxes.AsSpan(place[r] * net.Classes, net.Classes).CopyTo(scored.Boxes.AsSpan(r * net.Classes));
        }
        return scored;
    }

    /// <summary>What is found in one picture: of each class what is left after suppression, of at least this probability.</summary>
    public IReadOnlyList<Found> Find(ImageBuffer picture, IReadOnlyList<PixelBox> regions, double least, string name)
    {
        ScoredRegions scored = Score(picture, regions, name);
        return [.. Enumerable.Range(0, net.Classes).SelectMany(c => Suppression.Apply(scored.Best(c, (float)least, options.MostOfClass), options.Suppression)).OrderByDescending(f => f.Score)];
    }

    /// <summary>Frees the plans; the parameters stay.</summary>
    public void Dispose() => plans.Dispose();
}

/// <summary>Regions with what a detector says of them.</summary>
/// <param name="count">Regions.</param>
/// <param name="classes">Without the background.</param>
public sealed class ScoredRegions(int count, int classes)
{
    /// <summary>Regions × classes: probabilities.</summary>
    public float[] Scores { get; } = new float[count * classes];

    /// <summary>Regions × classes.</summary>
    public PixelBox[] Boxes { get; } = new PixelBox[count * classes];

    /// <summary>The best of a class that score more than <paramref name="above"/>, in falling order, equal ones in the regions' order.</summary>
    public List<Found> Best(int @class, float above, int most) =>
        [.. Enumerable.Range(0, count).Where(r => Scores[r * classes + @class] > above).OrderByDescending(r => Scores[r * classes + @class]).Take(most)
            .Select(r => new Found(@class, Scores[r * classes + @class], Boxes[r * classes + @class]))];
}
