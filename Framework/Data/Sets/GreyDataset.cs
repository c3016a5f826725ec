namespace EvenNet.Framework;

/// <summary>Another set's pictures in grey: 0.299 red + 0.587 green + 0.114 blue, as <see cref="Image.ToGrey()"/> makes it.</summary>
internal sealed class GreyDataset(Dataset colour) : Dataset(colour.Name, colour.Split, colour.Classes, channels: 1, Labels(colour), colour.IsMultiLabel)
{
    public override string NameOf(int index) => colour.NameOf(index);

    public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null)
    {
        colour.Read(index, picture, scale);
        picture.ToGrey();
    }

    private static float[] Labels(Dataset colour)
    {
        float[] labels = new float[colour.Count * colour.LabelCount];
        for (int i = 0; i < colour.Count; i++) colour.Label(i).CopyTo(labels.AsSpan(i * colour.LabelCount));
        return labels;
    }
}
