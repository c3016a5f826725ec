namespace EvenNet.Framework;

/// <summary>Some samples of another set.</summary>
internal sealed class DatasetSubset(Dataset all, int[] indices)
    : Dataset(all.Name, $"{all.Split} ({indices.Length} of {all.Count})", all.Classes, all.Channels, Labels(all, indices), all.IsMultiLabel)
{
    public override string NameOf(int index) => all.NameOf(indices[index]);

    public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null) => all.Read(indices[index], picture, scale);

    private static float[] Labels(Dataset all, int[] indices)
    {
        float[] labels = new float[indices.Length * all.LabelCount];
        for (int i = 0; i < indices.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= all.Count) throw new ArgumentOutOfRangeException(nameof(indices), $"{all.Name} has the samples 0 … {all.Count - 1}, got {indices[i]}");
            all.Label(indices[i]).CopyTo(labels.AsSpan(i * all.LabelCount));
        }
        return labels;
    }
}
