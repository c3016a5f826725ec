using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>All kinds of model files.</summary>
internal static class ModelFormats
{
    /// <summary>One row a format.</summary>
    public static IReadOnlyList<ModelFormat> All { get; } = [new SafetensorsFormat(), new CaffemodelFormat(), new PrototxtFormat(), new OnnxFormat(), new NpzFormat()];

    /// <summary>«.safetensors (EvenNet weights), …»: those that fit a purpose.</summary>
    public static string List(Func<ModelFormat, bool> fit) => string.Join(", ", All.Where(fit).Select(f => $"{f.Extension} ({f.Description})"));

    /// <summary>The format that a path's extension names, or null.</summary>
    public static ModelFormat? Find(string path) =>
        All.FirstOrDefault(f => string.Equals(Path.GetExtension(path), f.Extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>The format that a path's extension names.</summary>
    public static ModelFormat Of(string path) => Find(path)
        ?? throw new ToolException(ExitCode.Usage, $"{path}: the extension names no format; there are {List(_ => true)}");

    /// <summary>Whether this is meant as a file and not as the name of a net.</summary>
    public static bool IsFile(string net) => Find(net) is not null;

    /// <summary>A named net, or that of a file.</summary>
    public static NetInfo Net(string net, NetReading reading) => Find(net)?.ReadNet(net, reading) ?? Nets.Find(net);
}
