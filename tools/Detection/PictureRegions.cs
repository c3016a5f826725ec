using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>The regions of one picture that can be learned from: its objects and those proposals that overlap one.</summary>
public sealed class PictureRegions
{
    private readonly PixelBox[] boxes;
    private readonly int[] owners;

    private PictureRegions(PixelBox[] boxes, int[] owners, IReadOnlyList<VocObject> objects, int[] ofObjects, int[] ofBackground) =>
        (this.boxes, this.owners, Objects, OfObjects, OfBackground) = (boxes, owners, objects, ofObjects, ofBackground);

    /// <summary>What is in the picture; difficult ones too.</summary>
    public IReadOnlyList<VocObject> Objects { get; }

    /// <summary>Regions that are of an object.</summary>
    public IReadOnlyList<int> OfObjects { get; }

    /// <summary>Regions that are background.</summary>
    public IReadOnlyList<int> OfBackground { get; }

    /// <summary>A region.</summary>
    public PixelBox Box(int region) => boxes[region];

    /// <summary>The object that it overlaps most, the first of several.</summary>
    public VocObject Object(int region) => Objects[owners[region]];

    /// <summary>Labels, the background being 0, and the ways from regions to their objects, of all regions of objects.</summary>
    public IEnumerable<(int Label, BoxDelta Delta)> Deltas() => OfObjects.Select(r => (Object(r).Class + 1, BoxDelta.Between(boxes[r], Object(r).Box)));

    /// <summary>Sorts out a picture's regions: its objects first, then the proposals in their order.</summary>
    public static PictureRegions Of(IReadOnlyList<VocObject> objects, IReadOnlyList<PixelBox> proposals, FastRcnnOptions options)
    {
        var kept = new List<PixelBox>();
        var owners = new List<int>();
        List<int> ofObjects = [], ofBackground = [];
        foreach (PixelBox box in objects.Select(o => o.Box).Concat(proposals))
        {
            (int owner, double overlap) = (-1, 0);
            for (int i = 0; i < objects.Count; i++)
                if (objects[i].Box.IoU(box) is var with && with > overlap) (owner, overlap) = (i, with);
            if (owner < 0 || overlap < options.BackgroundOverlap) continue;
            (overlap >= options.ObjectOverlap ? ofObjects : ofBackground).Add(kept.Count);
            kept.Add(box);
            owners.Add(owner);
        }
        return new PictureRegions([.. kept], [.. owners], objects, [.. ofObjects], [.. ofBackground]);
    }

    /// <summary>Draws regions for a step: at most the objects' share of objects, the rest of background; fewer where there are not enough.</summary>
    public int[] Draw(FastRcnnOptions options, Philox random)
    {
        int objects = Math.Min((int)Math.Round(options.ObjectShare * options.Regions, MidpointRounding.ToEven), OfObjects.Count);
        int background = Math.Min(options.Regions - objects, OfBackground.Count);
        int[] first = random.Choose(objects, OfObjects.Count), second = random.Choose(background, OfBackground.Count);
        return [.. first.Select(i => OfObjects[i]), .. second.Select(i => OfBackground[i])];
    }
}
