namespace EvenNet.Framework;

/// <summary>Which inputs of a net take pictures and labels.</summary>
internal static class NetInputs
{
    /// <summary>The input of pictures and the one of labels.</summary>
    /// <exception cref="ArgumentException">The net does not have one of each, of the loader's sizes.</exception>
    public static (Node Images, Node Labels) Find(Net net, DataLoader data)
    {
        Node[] inputs = [.. net.Nodes.Where(n => n.Layer is Input)];
        Node[] images = [.. inputs.Where(n => n.Shape == data.Augmentation.Shape)], labels = [.. inputs.Where(n => n.Shape.Count == data.Dataset.LabelCount && !images.Contains(n))];
        if (inputs.Length == 2 && images.Length == 1 && labels.Length == 1) return (images[0], labels[0]);
        throw new ArgumentException($"the data give pictures of {data.Augmentation.Shape} with {Count(data.Dataset.LabelCount, "label")}; the net's inputs are {string.Join(" and ", inputs.Select(n => $"{n.Name} of {n.Shape}"))}");
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
