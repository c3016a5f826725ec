namespace EvenNet.Framework;

/// <summary>Suggests the name that was probably meant, by Levenshtein distance.</summary>
public static class NearestName
{
    /// <summary>The candidate nearest to <paramref name="name"/>; empty when there is none.</summary>
    public static string Of(string name, IEnumerable<string> candidates) =>
        candidates.MinBy(c => Distance(c.ToUpperInvariant(), name.ToUpperInvariant())) ?? "";

    /// <summary>Whether one was probably meant by the other: two letters differ, or a third of them, and not all.</summary>
    public static bool IsNear(string name, string other)
    {
        int distance = Distance(name.ToUpperInvariant(), other.ToUpperInvariant());
        return distance <= Math.Max(2, Math.Max(name.Length, other.Length) / 3) && distance < Math.Min(name.Length, other.Length);
    }

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, change);
            }
        }
        return row[^1];
    }
}
