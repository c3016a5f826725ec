using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>Greedy suppression of what is found twice: by falling score, each box removes those below it that it overlaps too much.</summary>
public static class Suppression
{
    /// <summary>Those that stay, by falling score, among equal scores in their order. All are of one class.</summary>
    /// <param name="found">Of one class in one picture.</param>
    /// <param name="most">What overlaps a better one more than this goes.</param>
    public static List<Found> Apply(IEnumerable<Found> found, double most)
    {
        var kept = new List<Found>();
        foreach (Found candidate in found.OrderByDescending(f => f.Score))
            if (!kept.Exists(k => k.Box.IoU(candidate.Box) > most)) kept.Add(candidate);
        return kept;
    }
}
