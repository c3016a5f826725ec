using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>A kind of data set that nets are trained on, and what its publishers, or usage, train with.</summary>
/// <param name="Name">The command: «voc».</param>
/// <param name="Place">What the path is of, for the help.</param>
/// <param name="IsFile">Whether the path is a file's.</param>
/// <param name="TestSplit">The part that is evaluated; null where data have none of their own.</param>
/// <param name="Protocol">For the help: where the defaults come from.</param>
/// <param name="Defaults">Options' values where none is given; they come before <see cref="Common"/>.</param>
internal sealed record TrainingKind(string Name, string Place, bool IsFile, string? TestSplit, string Protocol, IReadOnlyDictionary<string, string> Defaults)
{
    /// <summary>What holds for every kind.</summary>
    public static IReadOnlyDictionary<string, string> Common { get; } = new Dictionary<string, string>
    {
        ["init"] = "kmeans",
        ["init-count"] = "160",
        ["bias"] = "0.1",
        ["solver"] = "sgd",
        ["policy"] = "fixed",
        ["factor"] = "0.1",
        ["power"] = "0.75",
        ["momentum"] = "0.9",
        ["momentum2"] = "0.999",
        ["rms-decay"] = "0.99",
        ["delta"] = "1e-8",
        ["decay"] = "0.0005",
        ["clip"] = "0",
        ["accumulate"] = "1",
        ["warm-up"] = "0",
        ["scale"] = "1",
        ["jitter"] = "0",
        ["crops"] = "1",
        ["eval-crops"] = "1",
        ["seed"] = "1",
        ["log-every"] = "1",
        ["keep-every"] = "0",
        ["keep"] = "0",
        ["patience"] = "0",
        ["least-gain"] = "0",
        ["rates"] = "0",
        ["modulate-band"] = "1.05",
        ["modulate-first"] = "0",
        ["modulate-every"] = "1",
        ["modulate-memory"] = "0",
        ["depth"] = "0",
    };

    private const string CifarProtocol = "Caffe's cifar10_quick, with padded cuts and a rate that falls as a cosine";

    public static IReadOnlyList<TrainingKind> All { get; } =
    [
        new("voc", "A PASCAL VOC data set: VOCdevkit, or a year's folder in it.", IsFile: false, "test", "Krähenbühl et al. 2016, §4.1, and its program", new Dictionary<string, string>
        {
            ["split"] = "trainval", ["net"] = "caffenet", ["iterations"] = "80000", ["batch"] = "10", ["rate"] = "0.001",
            ["policy"] = "step", ["factor"] = "0.5", ["step"] = "10000", ["decay"] = "1e-6", ["clip"] = "10", ["crops"] = "10",
        }),
        new("folder", "A folder with a sub-folder for each class, or with --split and --test-split folders of such.", IsFile: false, null, "Caffe's ImageNet nets, a smaller batch and rate", Photographs),
        new("list", "A file with a path and a class number a line (Caffe's «path label»).", IsFile: true, null, "Caffe's ImageNet nets, a smaller batch and rate", Photographs),
        new("idx", "A folder with IDX files: MNIST, Fashion-MNIST.", IsFile: false, "test", "Caffe's LeNet", new Dictionary<string, string>
        {
            ["split"] = "train", ["net"] = "lenet", ["input-size"] = "1,28,28", ["iterations"] = "10000", ["batch"] = "64", ["rate"] = "0.01", ["policy"] = "inverse", ["factor"] = "0.0001", ["scale"] = "0.00390625",
        }),
        new("cifar10", "A folder with CIFAR-10 in its binary form.", IsFile: false, "test", CifarProtocol, Cifar),
        new("cifar100", "A folder with CIFAR-100 in its binary form.", IsFile: false, "test", CifarProtocol, Cifar),
    ];

    private static Dictionary<string, string> Photographs => new()
    {
        ["net"] = "caffenet",
        ["iterations"] = "10000",
        ["batch"] = "32",
        ["rate"] = "0.001",
        ["policy"] = "cosine",
    };

    private static Dictionary<string, string> Cifar => new()
    {
        ["split"] = "train",
        ["net"] = "cifar10_quick",
        ["input-size"] = "3,32,32",
        ["iterations"] = "4000",
        ["batch"] = "100",
        ["rate"] = "0.003",
        ["policy"] = "cosine",
        ["decay"] = "0.004",
        ["pad"] = "4",
    };

    /// <summary>The default of an option; null where it has none.</summary>
    public string? Default(string option) => Defaults.GetValueOrDefault(option) ?? Common.GetValueOrDefault(option);
}
