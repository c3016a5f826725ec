using System.Runtime.ExceptionServices;
using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// What steps are made of, place by place in an endless row of shuffled passes over the pictures and their mirror images. What is at a place depends on the
/// set, the options and the place alone.
/// </summary>
public sealed class DetectionLoader
{
    private readonly DetectionSet set;
    private readonly DetectorNet net;
    private readonly FastRcnnOptions options;
    private readonly PictureRegions[] regions;
    private int[] order = [];
    private int orderOf = -1;

    /// <summary>Sorts out all pictures' regions, side by side; takes their deltas' means and deviations.</summary>
    /// <param name="set">What is learned from.</param>
    /// <param name="net">What learns.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ProposalsException">A picture has no proposals.</exception>
    /// <exception cref="ImageSourceException">An annotation is missing or broken, or no picture has an object.</exception>
    public DetectionLoader(DetectionSet set, DetectorNet net, FastRcnnOptions options, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        (this.set, this.net, this.options) = (set, net, options);
        regions = new PictureRegions[set.Count];
        int done = 0;
        var errors = new Exception?[set.Count];
        Parallel.For(0, set.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            try
            {
                regions[i] = PictureRegions.Of(set.Annotation(i).Objects, set.Boxes(i), options);
            }
            catch (Exception error) when (error is ProposalsException or ImageSourceException or ImageFormatException)
            {
                errors[i] = error;
            }
            progress?.Report((double)Interlocked.Increment(ref done) / set.Count);
        });
        // The first in order is told, whichever thread came first.
        if (errors.FirstOrDefault(e => e is not null) is { } first) ExceptionDispatchInfo.Throw(first);
        if (regions.All(r => r.OfObjects.Count == 0)) throw new ImageSourceException($"{set.Data.Name} {set.Data.Split}: none of the {set.Count} pictures has an object to learn from.");
        // In a mirror shifts to the side change their sign.
        Scaling = DeltaScaling.Of(net.Labels, regions.SelectMany(r => r.Deltas()).SelectMany(d => options.Mirror
            ? (IEnumerable<(int, BoxDelta)>)[d, (d.Label, d.Delta with { X = -d.Delta.X })] : [d]));
    }

    /// <summary>Means and deviations of the deltas.</summary>
    public DeltaScaling Scaling { get; }

    /// <summary>The set.</summary>
    public DetectionSet Set => set;

    /// <summary>How steps are made.</summary>
    public FastRcnnOptions Options => options;

    /// <summary>Places of a pass: pictures, and their mirror images.</summary>
    public int Places => (options.Mirror ? 2 : 1) * set.Count;

    /// <summary>Regions of objects and of background in all pictures.</summary>
    public (int Objects, int Background) Regions => (regions.Sum(r => r.OfObjects.Count), regions.Sum(r => r.OfBackground.Count));

    /// <summary>The batch that begins at a place.</summary>
    /// <exception cref="ImageFormatException">A picture could not be used.</exception>
    public DetectionBatch At(DataPosition place)
    {
        int count = options.Pictures;
        var pictures = new ImageBuffer[count];
        var scalings = new PictureScaling[count];
        var drawn = new int[count][];
        (int Sample, bool Mirrored)[] places = new (int, bool)[count];
        for (int n = 0; n < count; n++)
        {
            DataPosition at = place.After(n, Places);
            int sample = Order(at);
            places[n] = (sample % set.Count, sample >= set.Count);
            var random = new Philox(options.Seed, RandomPurpose.Transform, at.Epoch, (uint)sample);
            pictures[n] = new ImageBuffer();
            set.Read(places[n].Sample, pictures[n]);
            VocAnnotation a = set.Annotation(places[n].Sample);
            if ((a.Width, a.Height) != (pictures[n].Width, pictures[n].Height))
                throw new ImageFormatException(set.NameOf(places[n].Sample), $"it is {pictures[n]}, but its annotation says {a.Width}×{a.Height}");
            scalings[n] = PictureScaling.Of(pictures[n].Width, pictures[n].Height, options.Sides[random.NextInt(options.Sides.Count)], options.Longest);
            drawn[n] = regions[places[n].Sample].Draw(options, random);
        }
        Shape canvas = DetectorPlans.Canvas(scalings.Max(s => s.Height), scalings.Max(s => s.Width));
        var batch = new DetectionBatch(canvas, count, options.Regions, net.Labels, place.After(count, Places));
        int there = drawn.Sum(d => d.Length);
        for (int n = 0; n < count; n++)
        {
            scalings[n].Draw(pictures[n], places[n].Mirrored, options.Mean, batch.Pictures.AsSpan(n * canvas.Count, canvas.Count), canvas.Height, canvas.Width);
            for (int r = 0; r < drawn[n].Length; r++)
                Fill(batch, n, n * options.Regions + r, regions[places[n].Sample], drawn[n][r], scalings[n], places[n].Mirrored ? pictures[n].Width : null, (float)count * options.Regions / there);
        }
        batch.There = there;
        return batch;
    }

    // mirrored: the picture's width, where it is.
    private void Fill(DetectionBatch batch, int picture, int row, PictureRegions of, int region, PictureScaling scaling, int? mirrored, float weight)
    {
        PixelBox box = mirrored is { } width ? Mirror(of.Box(region), width) : of.Box(region), scaled = scaling.Of(box);
        ReadOnlySpan<float> values = [picture, scaled.Left, scaled.Top, scaled.Right, scaled.Bottom];
        values.CopyTo(batch.Regions.AsSpan(5 * row, 5));
        VocObject owner = of.Object(region);
        bool isObject = owner.Box.IoU(of.Box(region)) >= options.ObjectOverlap;
        batch.Labels[row] = isObject ? owner.Class + 1 : 0;
        if (!isObject) return;
        int label = owner.Class + 1, at = 4 * (row * net.Labels + label);
        PixelBox target = mirrored is { } w ? Mirror(owner.Box, w) : owner.Box;
        Scaling.Scale(label, BoxDelta.Between(box, target), batch.Targets.AsSpan(at, 4));
        batch.Inside.AsSpan(at, 4).Fill(1);
        batch.Outside.AsSpan(at, 4).Fill(weight);
    }

    private static PixelBox Mirror(in PixelBox box, int width) => new(width - 1 - box.Right, box.Top, width - 1 - box.Left, box.Bottom);

    private int Order(DataPosition at)
    {
        lock (regions)
        {
            if (at.Epoch != orderOf)
            {
                order = [.. Enumerable.Range(0, Places)];
                new Philox(options.Seed, RandomPurpose.Order, at.Epoch).Shuffle(order.AsSpan());
                orderOf = at.Epoch;
            }
            return order[at.Index];
        }
    }
}
