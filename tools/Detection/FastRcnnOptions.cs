using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>How Fast R-CNN is trained and used; the defaults are Girshick's (2015, §2.3, §2.4 and his program).</summary>
public sealed record FastRcnnOptions
{
    /// <summary>Pictures of a step.</summary>
    public int Pictures { get; init; } = 2;

    /// <summary>Regions of each picture in a step.</summary>
    public int Regions { get; init; } = 64;

    /// <summary>The most of them that may be of objects.</summary>
    public double ObjectShare { get; init; } = 0.25;

    /// <summary>A region that overlaps an object so much is of the object.</summary>
    public double ObjectOverlap { get; init; } = 0.5;

    /// <summary>One that overlaps less than that, but so much, is background.</summary>
    public double BackgroundOverlap { get; init; } = 0.1;

    /// <summary>Every picture is learned from mirrored, too.</summary>
    public bool Mirror { get; init; } = true;

    /// <summary>Training: the shorter side, in pixels, one of these at random for each picture.</summary>
    public IReadOnlyList<int> Sides { get; init; } = [600];

    /// <summary>Training: no side is longer.</summary>
    public int Longest { get; init; } = 1000;

    /// <summary>Use: the shorter side.</summary>
    public int TestSide { get; init; } = 600;

    /// <summary>Use: no side is longer.</summary>
    public int TestLongest { get; init; } = 1000;

    /// <summary>Sides in multi-scale training (Girshick 2015, §5.2).</summary>
    public static IReadOnlyList<int> ManySides { get; } = [480, 576, 688, 864, 1200];

    /// <summary>The longest side with <see cref="ManySides"/>.</summary>
    public const int LongestOfMany = 2000;

    /// <summary>Subtracted.</summary>
    public BgrMean Mean { get; init; } = new(102.9801f, 115.9465f, 122.7717f);

    /// <summary>Use: the most detections of a class in a picture, before suppression.</summary>
    public int MostOfClass { get; init; } = 100;

    /// <summary>Use: of a class so many times the pictures are kept, the best.</summary>
    public int MeanOfClass { get; init; } = 40;

    /// <summary>Use: what overlaps a better detection of its class more is removed.</summary>
    public double Suppression { get; init; } = 0.3;

    /// <summary>Use: only so many proposals of a picture are looked at, the first; null for all.</summary>
    public int? Proposals { get; init; }

    /// <summary>Of everything random.</summary>
    public ulong Seed { get; init; } = 1;
}
