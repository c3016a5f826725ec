using System.CommandLine;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Which labelled data set a command works on, and how its pictures become inputs.</summary>
internal sealed class DataChoice
{
    // Caffe resizes to 256 for an input of 227 (or 224); smaller inputs keep the proportion.
    private const int PublishedSide = 256, PublishedCut = 227, SmallestPublished = 200;

    private readonly Option<string?> voc = new("--voc") { Description = "A PASCAL VOC data set: VOCdevkit, or a year's folder in it.", HelpName = "DIR" };
    private readonly Option<int?> year = new("--year") { Description = "With --voc: which year of several.", HelpName = "N" };
    private readonly Option<string?> folder = new("--folder") { Description = "A folder with a sub-folder for each class.", HelpName = "DIR" };
    private readonly Option<string?> list = new("--list") { Description = "A file with a path and a class number a line (Caffe's «path label»).", HelpName = "FILE" };
    private readonly Option<string?> idx = new("--idx") { Description = "A folder with IDX files: MNIST, Fashion-MNIST.", HelpName = "DIR" };
    private readonly Option<string?> cifar10 = new("--cifar10") { Description = "A folder with CIFAR-10 in its binary form.", HelpName = "DIR" };
    private readonly Option<string?> cifar100 = new("--cifar100") { Description = "A folder with CIFAR-100 in its binary form.", HelpName = "DIR" };
    private readonly Option<string?> split = new("--split") { Description = "Part of the data: trainval of VOC, train of IDX and CIFAR, a sub-folder of a folder, by default.", HelpName = "NAME" };

    public DataChoice(Command command)
    {
        foreach (Option option in (Option[])[.. Sources, year, split]) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            int count = Sources.Count(o => result.GetResult(o) is not null);
            if (count == 0) result.AddError("no data: give one of --voc DIR, --folder DIR, --list FILE, --idx DIR, --cifar10 DIR, --cifar100 DIR");
            if (count > 1) result.AddError($"{string.Join(", ", Sources.Select(o => o.Name))} exclude one another");
        });
    }

    private Option<string?>[] Sources => [voc, folder, list, idx, cifar10, cifar100];

    /// <summary>Opens the data set: the place where most mistakes show.</summary>
    public Dataset Open(ParseResult options, ImageFiles files)
    {
        string? part = options.GetValue(split);
        return options.GetValue(voc) is { } v ? VocDataset.Open(v, part ?? "trainval", files, options.GetValue(year))
            : options.GetValue(folder) is { } f ? FolderDataset.Open(f, files, part)
            : options.GetValue(list) is { } l ? ListDataset.Open(l, files)
            : options.GetValue(idx) is { } i ? IdxDataset.OpenFolder(i, part ?? "train")
            : options.GetValue(cifar10) is { } ten ? CifarDataset.Open10(ten, part ?? "train")
            : CifarDataset.Open100(options.GetValue(cifar100)!, part ?? "train");
    }

    /// <summary>How training on this kind of data is usually fed: VOC as in the paper, folders and lists as Caffe's ImageNet, CIFAR padded and cut, IDX as it is.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="input">The net's; pictures of a fixed small size keep their own.</param>
    /// <param name="mean">Subtracted from photographs.</param>
    public static Augmentation Training(Dataset data, Shape input, BgrMean mean) => data switch
    {
        VocDataset => Augmentation.Voc(input) with { Mean = mean },
        IdxDataset idx => new Augmentation(idx.Shape) { Scale = 1 / 256f },
        CifarDataset when input == CifarDataset.Shape => Augmentation.CifarTraining(CifarDataset.Shape) with { Mean = mean },
        _ => Augmentation.ImageNetTraining(input) with { Mean = mean, ResizeTo = input.Height >= SmallestPublished ? PublishedSide : (int)Math.Round((double)input.Height * PublishedSide / PublishedCut) },
    };
}
