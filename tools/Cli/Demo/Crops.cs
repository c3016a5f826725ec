using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>
/// Square pieces of a few photographs, each of random size and place: crop number i is always the same piece, whoever asks and when, and
/// shows photograph i mod the number of photographs, which is its label.
/// </summary>
internal sealed class Crops(IReadOnlyList<Image> photographs, ImageTransform transform, ulong seed)
{
    // Of the shorter side: less shows nothing of its photograph, more is always the same.
    private const double SmallestShare = 0.5;

    /// <summary>Photographs, and so classes.</summary>
    public int Photographs => photographs.Count;

    /// <summary>The values of crops first … first + count − 1: count × 3 × height × width.</summary>
    public float[] Load(int first, int count, CancellationToken cancellation = default)
    {
        int size = transform.Shape.Count;
        var values = new float[count * size];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
            transform.Apply(Cut(photographs[Label(first + i)], new Philox(seed, RandomPurpose.Transform, 0, (uint)(first + i))), values.AsSpan(i * size, size)));
        return values;
    }

    /// <summary>The photograph that a crop shows.</summary>
    public int Label(int crop) => crop % photographs.Count;

    private static Image Cut(Image from, Philox random)
    {
        int shorter = Math.Min(from.Width, from.Height), least = Math.Max(1, (int)(SmallestShare * shorter));
        int side = least + random.NextInt(shorter - least + 1), left = random.NextInt(from.Width - side + 1), top = random.NextInt(from.Height - side + 1);
        var piece = new Image(side, side);
        for (int y = 0; y < side; y++) from.Row(top + y).Slice(3 * left, 3 * side).CopyTo(piece.Row(y));
        return piece;
    }
}
