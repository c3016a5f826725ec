using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>A kind of model file, known by its extension. A new one is a class like this and a row in <see cref="ModelFormats"/>.</summary>
/// <param name="extension">«.caffemodel».</param>
/// <param name="description">What it is, for lists: «Caffe weights».</param>
internal abstract class ModelFormat(string extension, string description)
{
    public string Extension => extension;

    public string Description => description;

    /// <summary>Whether its files say what layers there are, so that no net need be named beside them.</summary>
    public virtual bool HoldsNet => false;

    /// <summary>Whether its files hold weights.</summary>
    public virtual bool HoldsWeights => true;

    /// <summary>Whether it can be written.</summary>
    public virtual bool CanWrite => true;

    /// <summary>The net that a file describes, under the name that leads back to it: the path as given.</summary>
    public virtual NetInfo ReadNet(string path, NetReading reading) =>
        throw new ToolException(ExitCode.Usage, $"{path}: {description} hold no net; name one with --net");

    /// <summary>What a file says of itself, by the names of <see cref="Weights"/>: where it holds its net, that it does.</summary>
    public virtual IReadOnlyDictionary<string, string> Metadata(string path) =>
        HoldsNet ? new Dictionary<string, string>(StringComparer.Ordinal) { [Weights.NetKey] = path } : new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The net that a file describes, as it is trained.</summary>
    public virtual NetSource ReadTrained(string path, NetReading reading)
    {
        NetInfo info = ReadNet(path, reading);
        return new(info, info.Graph());
    }

    /// <summary>The number of classes that a file was made for, if it says whose weights it holds and they are this net's.</summary>
    public virtual int? Classes(string path, NetInfo net) => null;

    /// <summary>Loads a file's weights. Everything is checked before the first value is changed.</summary>
    public virtual CheckpointReport ReadWeights(ParameterSet parameters, string path, WeightReading reading) =>
        throw new ToolException(ExitCode.Usage, $"{path}: {description} hold no weights");

    /// <summary>Writes a file whole or not at all.</summary>
    public virtual void Write(ParameterSet parameters, string path, ModelWriting writing, CancellationToken cancellation) =>
        throw new ToolException(ExitCode.Usage, $"{path}: {description} can be read, not written");
}

/// <summary>How a net is read.</summary>
/// <param name="Note">Takes what was read otherwise than the file has it, a line each.</param>
internal sealed record NetReading(Action<string> Note)
{
    /// <summary>Size of the pictures where the file leaves it open.</summary>
    public Shape? InputSize { get; init; }
}

/// <summary>How weights are loaded.</summary>
/// <param name="Strict">Whether a tensor that the net lacks, or the file, is an error.</param>
/// <param name="Skip">Layers to leave as they are.</param>
internal sealed record WeightReading(bool Strict, IReadOnlyCollection<string> Skip);

/// <summary>How a model is written.</summary>
/// <param name="Net">Whose weights they are.</param>
/// <param name="FoldScale">Multiply the frozen scales into weights and biases instead of writing them as layers of their own.</param>
/// <param name="Note">Takes what could not be written as it is, a line each.</param>
internal sealed record ModelWriting(NetInfo Net, bool FoldScale, Action<string> Note)
{
    /// <summary>Name tensors as PyTorch does, in formats that hold nothing but tensors.</summary>
    public bool TorchNames { get; init; }
}
