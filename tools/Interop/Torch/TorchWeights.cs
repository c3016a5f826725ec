using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>
/// A state_dict of PyTorch's seen in a net's own names: what <see cref="Checkpoint.Load(ParameterSet, IWeightFile, bool, IReadOnlyCollection{string})"/>
/// takes. Running means and variances become sums of one batch; counts of batches and GoogLeNet's auxiliary heads are passed over, and other tensors that
/// the net has no place for keep their names.
/// </summary>
public sealed class TorchWeights : IWeightFile
{
    private readonly IWeightFile file;
    private readonly TorchNaming naming;
    private readonly Dictionary<string, Seen> byName = new(StringComparer.Ordinal);

    /// <summary>One tensor under its name here.</summary>
    private sealed record Seen(string Name, string DataType, IReadOnlyList<long> Shape, Parameter? Parameter, WeightTensor? Tensor) : WeightTensor(Name, DataType, Shape)
    {
        public override long Count => Shape.Aggregate(1L, (a, b) => a * b);
    }

    /// <summary>Looks at a file, which stays the caller's to close, as weights of a net.</summary>
    public TorchWeights(IWeightFile file, ParameterSet parameters, TorchNaming naming)
    {
        (this.file, this.naming) = (file, naming);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var list = new List<WeightTensor>();
        foreach (Parameter p in parameters.All)
        {
            WeightTensor? tensor = naming.Tensor(parameters.Graph, p) is { } name ? file.Find(name) : null;
            bool isCount = p.Node.Layer is BatchNorm && p.Spec.Name == "count";
            if (tensor is null && !isCount) continue;
            if (tensor is not null) taken.Add(tensor.Name);
            Add(new Seen(p.Name, tensor?.DataType ?? "F32", tensor?.Shape ?? [1], p, tensor));
        }
        foreach (WeightTensor tensor in file.Tensors)
            if (!taken.Contains(tensor.Name) && !naming.PassesOver(tensor.Name)) Add(new Seen(tensor.Name, tensor.DataType, tensor.Shape, null, tensor));
        Tensors = list;

        void Add(Seen seen)
        {
            if (byName.TryAdd(seen.Name, seen)) list.Add(seen);
        }
    }

    /// <inheritdoc/>
    public string Path => file.Path;

    /// <inheritdoc/>
    public IReadOnlyList<WeightTensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => file.Metadata;

    /// <inheritdoc/>
    public string ReadableTypes => file.ReadableTypes;

    /// <summary>Writes a net's parameters as a state_dict: PyTorch's names, frozen scales multiplied into weights and biases, running means for sums.</summary>
    /// <exception cref="GraphException">A layer has no name there.</exception>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Save(ParameterSet parameters, string path, TorchNaming naming, CancellationToken cancellation = default)
    {
        var tensors = new List<SafetensorsSource>();
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name is not ("scale" or "count")))
        {
            string name = naming.Tensor(parameters.Graph, p) ?? throw new GraphException($"{p.Node.Name} has no name in {naming.Description}; use the net {naming.Name}, or PyTorch's plain names");
            float factor = p.Node.Layer switch
            {
                IAffine => parameters.Scale(p.Node).Read()[0],
                BatchNorm => parameters.Of(p.Node)[2].Read()[0] is > 0 and var count ? 1 / count : 0,
                _ => 1,
            };
            tensors.Add(new SafetensorsSource(name, [.. p.Spec.Dimensions.Select(d => (long)d)], (first, buffer) => Fill(p, naming, factor, first, buffer)));
        }
        Safetensors.Write(path, tensors, new Dictionary<string, string> { ["format"] = "pt" }, cancellation);
    }

    /// <inheritdoc/>
    public WeightTensor? Find(string name) => byName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public bool CanRead(WeightTensor tensor) => byName.TryGetValue(tensor.Name, out Seen? seen) && (seen.Tensor is null || file.CanRead(seen.Tensor));

    /// <inheritdoc/>
    public void Read(string name, long first, Span<float> destination)
    {
        if (!byName.TryGetValue(name, out Seen? seen)) throw new WeightsFormatException(Path, $"has no tensor for {name}");
        if (seen.Tensor is null)
        {
            destination.Fill(1);
            return;
        }
        if (seen.Parameter is { } first3 && naming.IsFirst(first3)) ReadFirst(seen, first3, first, destination);
        else file.Read(seen.Tensor.Name, first, destination);
    }

    /// <summary>Nothing: the file is the caller's.</summary>
    public void Dispose()
    {
    }

    // Small enough to be converted whole: outputs × red, green, blue × height × width.
    private void ReadFirst(Seen seen, Parameter parameter, long first, Span<float> destination)
    {
        float[] theirs = new float[seen.Count], ours = new float[seen.Count];
        file.Read(seen.Tensor!.Name, 0, theirs);
        int plane = parameter.Spec.Dimensions[2] * parameter.Spec.Dimensions[3];
        for (int i = 0; i < ours.Length; i++)
        {
            int channel = i / plane % 3, mirrored = i + (2 - 2 * channel) * plane;
            ours[i] = theirs[mirrored] / (255 * naming.Pixels!.Deviation[2 - channel]);
        }
        ours.AsSpan((int)first, destination.Length).CopyTo(destination);
    }

    private static void Fill(Parameter p, TorchNaming naming, float factor, long first, Span<float> buffer)
    {
        if (naming.IsFirst(p))
        {
            float[] ours = p.Read();
            int plane = p.Spec.Dimensions[2] * p.Spec.Dimensions[3];
            for (int k = 0; k < buffer.Length; k++)
            {
                int i = (int)first + k, channel = i / plane % 3;
                buffer[k] = ours[i + (2 - 2 * channel) * plane] * (255 * naming.Pixels!.Deviation[channel]);
            }
        }
        else
        {
            p.Values.Storage.Read(p.Values.Offset + first, buffer);
        }
        if (factor != 1)
            foreach (ref float value in buffer) value *= factor;
    }
}
