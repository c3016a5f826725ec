namespace EvenNet.Framework;

/// <summary>
/// Weights of a net in a safetensors file: «conv1.weight» as outputs × channels × height × width, «conv1.bias», and «conv1.scale» where it is
/// not one. A layer computes z = scale · (W x + b).
/// </summary>
public static class Checkpoint
{
    /// <summary>The metadata entry that every file carries, and its value.</summary>
    public const string FormatKey = "format", Format = "evennet-weights-1";

    private const int ChunkElements = 1 << 18;

    /// <summary>Writes all parameters a chunk at a time, whole or not at all. Equal values and metadata give equal bytes.</summary>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Save(
        ParameterSet parameters, string path, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellation = default) =>
        Save(parameters, [], path, metadata, cancellation);

    /// <summary>Writes the parameters and after them what a solver remembers of them.</summary>
    internal static void Save(
        ParameterSet parameters, IEnumerable<SafetensorsSource> states, string path, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellation)
    {
        IEnumerable<SafetensorsSource> tensors = parameters.All.Where(p => !IsUnitScale(p)).Select(p => new SafetensorsSource(
            p.Name, [.. p.Spec.Dimensions.Select(d => (long)d)], (first, buffer) => p.Values.Storage.Read(p.Values.Offset + first, buffer)));
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>(), StringComparer.Ordinal) { [FormatKey] = Format };
        Safetensors.Write(path, tensors.Concat(states), all, cancellation);
    }

    /// <summary>
    /// Reads a net's parameters. A scale that the file does not have is one; a matrix outputs × rest fits a convolution of the same numbers and the
    /// other way round. What a solver remembers is passed over. Everything is checked before the first value is changed.
    /// </summary>
    /// <param name="parameters">Where to.</param>
    /// <param name="path">The file.</param>
    /// <param name="strict">Whether a parameter that the file lacks, or a tensor that the net lacks, is an error. Sizes that differ always are.</param>
    /// <param name="skip">Layers to leave as they are.</param>
    /// <exception cref="WeightsFormatException">The file is broken, or does not fit; all that does not is named, with both sizes.</exception>
    /// <exception cref="GraphException">A layer to skip does not exist.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public static CheckpointReport Load(ParameterSet parameters, string path, bool strict = true, params IReadOnlyCollection<string> skip)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        return Load(parameters, file, strict, skip);
    }

    /// <inheritdoc cref="Load(ParameterSet, string, bool, IReadOnlyCollection{string})"/>
    /// <param name="parameters">Where to.</param>
    /// <param name="file">A file of any format, in the net's own names.</param>
    /// <param name="strict">Whether a parameter that the file lacks, or a tensor that the net lacks, is an error. Sizes that differ always are.</param>
    /// <param name="skip">Layers to leave as they are.</param>
    public static CheckpointReport Load(ParameterSet parameters, IWeightFile file, bool strict = true, params IReadOnlyCollection<string> skip)
    {
        foreach (string layer in skip) _ = parameters.Graph[layer];
        string path = file.Path;
        var matches = new List<(Parameter Parameter, WeightTensor Tensor)>();
        List<string> missing = [], skipped = [], reshaped = [], misfits = [];
        foreach (Parameter p in parameters.All)
        {
            if (skip.Contains(p.Node.Name)) skipped.Add(p.Name);
            else if (file.Find(p.Name) is { } tensor)
            {
                if (!Fits(p, tensor)) misfits.Add($"{p.Name} is {Sizes(tensor.Shape)} in the file and {Sizes(p.Spec.Dimensions)} in the net");
                else if (!file.CanRead(tensor)) misfits.Add($"{p.Name} is {tensor.DataType}; only {file.ReadableTypes} are read");
                else matches.Add((p, tensor));
                if (!tensor.Shape.SequenceEqual(p.Spec.Dimensions.Select(d => (long)d))) reshaped.Add(p.Name);
            }
            else if (!IsScale(p)) missing.Add(p.Name);
        }
        string[] unused = [.. file.Tensors.Select(t => t.Name).Where(name => !parameters.TryGet(name, out _) && !IsState(parameters, name))];
        if (strict)
        {
            misfits.AddRange(missing.Select(name => $"{name} is missing in the file"));
            misfits.AddRange(unused.Select(name => $"{SafetensorsHeader.Short(name)} is in the file only"));
        }
        if (parameters.All.Count > 0 && matches.Count == 0 && unused.Length == file.Tensors.Count) throw new WeightsFormatException(path, "none of its tensors belongs to this net");
        if (misfits.Count > 0) throw new WeightsFormatException(path, Explain(misfits));

        foreach ((Parameter parameter, _) in matches) Read(file, parameter);
        foreach (Parameter p in parameters.All.Where(p => IsScale(p) && !skip.Contains(p.Node.Name) && file.Find(p.Name) is null)) p.Fill(1);
        return new CheckpointReport([.. matches.Select(m => m.Parameter.Name)], missing, skipped, reshaped, unused, file.Metadata);
    }

    // «conv1.weight/momentum»: what a solver remembers, in a run's checkpoints.
    private static bool IsState(ParameterSet parameters, string name) => name.LastIndexOf('/') is > 0 and var slash && parameters.TryGet(name[..slash], out _);

    private static bool IsScale(Parameter p) => p.Spec.Name == "scale";

    private static bool IsUnitScale(Parameter p) => IsScale(p) && p.Read().All(v => v == 1);

    // Equal but for dimensions of one, or one of the two a matrix with the same rows.
    private static bool Fits(Parameter p, WeightTensor tensor)
    {
        if (tensor.Count != p.Count) return false;
        long[] file = [.. tensor.Shape.Where(d => d != 1)], net = [.. p.Spec.Dimensions.Where(d => d != 1).Select(d => (long)d)];
        return file.SequenceEqual(net) || (file.Length == 2 || net.Length == 2) && file.Length > 0 && net.Length > 0 && file[0] == net[0];
    }

    private static string Explain(List<string> misfits)
    {
        const int most = 20;
        string more = misfits.Count > most ? $"\n  and {misfits.Count - most} more" : "";
        return $"does not fit this net:\n  {string.Join("\n  ", misfits.Take(most))}{more}";
    }

    private static void Read(IWeightFile file, Parameter parameter)
    {
        var buffer = new float[Math.Min(ChunkElements, parameter.Count)];
        Region to = parameter.Values;
        for (int first = 0; first < parameter.Count; first += buffer.Length)
        {
            Span<float> chunk = buffer.AsSpan(0, Math.Min(buffer.Length, parameter.Count - first));
            file.Read(parameter.Name, first, chunk);
            to.Storage.Write(to.Offset + first, chunk);
        }
        parameter.MarkChanged();
    }

    private static string Sizes<T>(IEnumerable<T> sizes) => string.Join("×", sizes);
}
