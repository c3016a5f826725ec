using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;

namespace EvenNet.Interop;

// From the blobs of a file's layers to parameters. Blob k of a layer is the k-th of its parameters; an affine layer's frozen scale is none of them.
internal sealed class CaffeWeights(CaffeFile file, ParameterSet parameters, bool strict, IReadOnlyCollection<string> skip)
{
    private readonly List<(Parameter To, BlobProto From, bool IsTransposed)> matches = [];
    private readonly List<string> skipped = [], reshaped = [], mismatched = [], unused = [];

    /// <summary>Everything is checked before the first value is changed.</summary>
    public CheckpointReport Load()
    {
        foreach (string layer in skip) _ = parameters.Graph[layer];
        Dictionary<string, Node> nodes = parameters.Graph.Nodes.ToDictionary(n => n.Name, StringComparer.Ordinal);
        int tensors = 0;
        foreach (LayerParameter layer in file.Net.Layer.Where(l => l.Blobs.Count > 0))
        {
            tensors += layer.Blobs.Count;
            if (!nodes.TryGetValue(layer.Name, out Node? node)) unused.AddRange(layer.Blobs.Select((b, i) => $"{layer.Name}/{i} {Sizes(Dimensions(b))}"));
            else if (skip.Contains(node.Name)) skipped.AddRange(Own(node).Select(p => p.Name));
            // Caffe writes shared parameters with every layer that uses them; the owner's are read.
            else if (node.Layer.SharedWith is null) Match(layer, node);
        }
        HashSet<Parameter> found = [.. matches.Select(m => m.To)];
        string[] missing = [.. parameters.All.Where(p => !found.Contains(p) && !skip.Contains(p.Node.Name) && !IsScale(p)
            && !mismatched.Any(m => m.StartsWith($"{p.Name} ", StringComparison.Ordinal))).Select(p => p.Name)];
        if (tensors == 0) throw new WeightsFormatException(file.Path, "holds no weights");
        if (matches.Count == 0 && skipped.Count == 0 && mismatched.Count == 0) throw new WeightsFormatException(file.Path, $"none of its {tensors} tensors belongs to this net");
        if (strict) RequireAll(missing);

        foreach ((Parameter to, BlobProto from, bool isTransposed) in matches) Copy(from, to, isTransposed);
        foreach (Node node in matches.Select(m => m.To.Node).Where(n => n.Layer is IAffine).Distinct().ToArray()) parameters.Scale(node).Fill(1);
        return new CheckpointReport([.. matches.Select(m => m.To.Name)], missing, skipped, reshaped, unused, new Dictionary<string, string>()) { Mismatched = mismatched };
    }

    private static bool IsScale(Parameter p) => p.Node.Layer is IAffine && p.Spec.Name == "scale";

    private IEnumerable<Parameter> Own(Node node) => parameters.Of(node).Where(p => !IsScale(p));

    private void RequireAll(string[] missing)
    {
        const int most = 20;
        string[] all = [.. mismatched, .. missing.Select(name => $"{name} is missing in the file"), .. unused.Select(name => $"{name} is in the file only")];
        string more = all.Length > most ? $"\n  and {all.Length - most} more" : "";
        if (all.Length > 0) throw new WeightsFormatException(file.Path, $"does not fit this net:\n  {string.Join("\n  ", all.Take(most))}{more}");
    }

    private void Match(LayerParameter layer, Node node)
    {
        Parameter[] own = [.. Own(node)];
        bool isTransposed = layer.InnerProductParam?.Transpose ?? false;
        for (int i = 0; i < layer.Blobs.Count; i++)
        {
            BlobProto blob = layer.Blobs[i];
            IReadOnlyList<long> sizes = Dimensions(blob);
            if (Problem(blob, sizes) is { } problem) throw new WeightsFormatException(file.Path, $"blob {i} of {layer.Name} {problem}");
            if (i >= own.Length)
            {
                unused.Add($"{layer.Name}/{i} {Sizes(sizes)}");
                continue;
            }
            bool turned = isTransposed && i == 0;
            IReadOnlyList<long> read = turned ? [.. sizes.Where(d => d != 1).Reverse()] : sizes;
            if (!Fits(own[i], read)) mismatched.Add($"{own[i].Name} is {Sizes(sizes)}{(turned ? ", transposed," : "")} in the file and {Sizes(own[i].Spec.Dimensions)} in the net");
            else
            {
                matches.Add((own[i], blob, turned));
                if (!WithoutOnes(read).SequenceEqual(WithoutOnes(own[i].Spec.Dimensions.Select(d => (long)d)))) reshaped.Add(own[i].Name);
            }
        }
    }

    // Four sizes of the older form, which count whenever one of them is there.
    internal static IReadOnlyList<long> Dimensions(BlobProto blob) =>
        blob.HasNum || blob.HasChannels || blob.HasHeight || blob.HasWidth ? [blob.Num, blob.Channels, blob.Height, blob.Width] : blob.Shape?.Dim ?? (IReadOnlyList<long>)[];

    // Why a blob contradicts itself; null where it does not.
    internal static string? Problem(BlobProto blob, IReadOnlyList<long> sizes)
    {
        long count = 1;
        foreach (long size in sizes)
        {
            if (size < 0 || (size > 0 && count > int.MaxValue / size)) return $"has the sizes {Sizes(sizes)}, which cannot be";
            count *= size;
        }
        int held = blob.DoubleData.Count > 0 ? blob.DoubleData.Count : blob.Data.Count;
        return held == count ? null : $"is {Sizes(sizes)}, {count} values, but holds {held}";
    }

    internal static float[] Values(BlobProto blob)
    {
        if (blob.DoubleData.Count == 0) return [.. blob.Data];
        var values = new float[blob.DoubleData.Count];
        for (int i = 0; i < values.Length; i++) values[i] = (float)blob.DoubleData[i];
        return values;
    }

    private static long[] WithoutOnes(IEnumerable<long> sizes) => [.. sizes.Where(d => d != 1)];

    // Equal but for dimensions of one, or a matrix with the same rows: inner products become convolutions and the other way round.
    private static bool Fits(Parameter p, IReadOnlyList<long> sizes)
    {
        if (sizes.Aggregate(1L, (a, b) => a * b) != p.Count) return false;
        long[] file = WithoutOnes(sizes), net = WithoutOnes(p.Spec.Dimensions.Select(d => (long)d));
        return file.SequenceEqual(net) || ((file.Length == 2 || net.Length == 2) && file.Length > 0 && net.Length > 0 && file[0] == net[0]);
    }

    private static void Copy(BlobProto from, Parameter to, bool isTransposed)
    {
        float[] values = Values(from);
        to.Write(isTransposed ? Turned(values, to.FanIn, to.Rows) : values);
    }

    // From rows × columns to columns × rows.
    internal static float[] Turned(float[] values, int rows, int columns)
    {
        var turned = new float[values.Length];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c];
        return turned;
    }

    private static string Sizes<T>(IEnumerable<T> sizes) => string.Join("×", sizes) is { Length: > 0 } text ? text : "a single number";
}
