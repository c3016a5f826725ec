using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>How often neighbours show an object of a class that the query shows too, where the classes are known.</summary>
internal sealed class ClassAgreement
{
    private readonly Dictionary<string, float[]> labels = new(StringComparer.Ordinal);

    private ClassAgreement() { }

    /// <summary>By the labels of VOC.</summary>
    public static ClassAgreement OfVoc(string folder, string split, ImageFiles files)
    {
        VocDataset set = VocDataset.Open(folder, split, files, checkAnnotations: false);
        var agreement = new ClassAgreement();
        for (int i = 0; i < set.Count; i++) agreement.labels[Path.GetFullPath(set.NameOf(i))] = set.Label(i).ToArray();
        return agreement;
    }

    /// <summary>The share of all pairs of a query and one of its pictures; NaN where no pair has labels.</summary>
    public double Share(IEnumerable<(string Query, IEnumerable<string> Others)> rows)
    {
        long pairs = 0, same = 0;
        foreach ((string query, IEnumerable<string> others) in rows)
        {
            if (!labels.TryGetValue(Path.GetFullPath(query), out float[]? own)) continue;
            foreach (string other in others)
            {
                if (!labels.TryGetValue(Path.GetFullPath(other), out float[]? theirs)) continue;
                pairs++;
                if (own.Zip(theirs).Any(p => p is (1, 1))) same++;
            }
        }
        return pairs > 0 ? (double)same / pairs : double.NaN;
    }
}
