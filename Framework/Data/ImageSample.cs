namespace EvenNet.Framework;

/// <summary>A choice of pictures, and all others of the source behind them, to take the place of broken ones.</summary>
public sealed class ImageSample
{
    internal ImageSample(ImageSource source, int count, string[] order) => (Source, Count, Order) = (source, count, order);

    /// <summary>Where the pictures come from.</summary>
    public ImageSource Source { get; }

    /// <summary>How many were asked for.</summary>
    public int Count { get; }

    /// <summary>Every path of the source, the chosen ones first.</summary>
    public IReadOnlyList<string> Order { get; }

    /// <summary>The source has fewer pictures than were asked for, so some come more than once.</summary>
    public bool Repeats => Count > Order.Count;

    /// <summary>The paths that were chosen, repeats included.</summary>
    public IEnumerable<string> Paths => Enumerable.Range(0, Count).Select(i => Order[i % Order.Count]);
}
