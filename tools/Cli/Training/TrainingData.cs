using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>What is learned from, what is judged on, and how pictures become inputs.</summary>
internal sealed class TrainingData
{
    /// <summary>The split of which nothing is judged.</summary>
    public const string NoTest = "none";

    private readonly TrainingKind kind;
    private readonly Option<string> place;
    private readonly Option<int?>? year;
    private readonly Option<string?>? split, testSplit, testList;
    private readonly Option<int?> testCount;
    private readonly Option<string?> mean;
    private readonly Option<float> scale;
    private readonly Option<float>? jitter;
    private readonly Option<bool> noMirror;
    private readonly Option<int> crops;
    private readonly Option<int>? pad, evalCrops;

    /// <param name="set">Gets the options.</param>
    /// <param name="isEvaluation">Only those of judging.</param>
    public TrainingData(TrainingOptionSet set, bool isEvaluation = false)
    {
        kind = set.Kind;
        place = set.Add<string>(kind.Name, kind.Place, kind.IsFile ? "FILE" : "DIR");
        if (kind.Name == "voc") year = set.Add<int?>("year", "Which year of several.", "N");
        string own = kind.TestSplit is { } part ? $"; {part} by default, where it is there" : "";
        if (kind.Name != "list" && !isEvaluation) split = set.Add<string?>("split", "The part that is learned from.", "NAME");
        if (kind.Name != "list") testSplit = set.Add<string?>("test-split", $"The part that is judged on{own}{(isEvaluation ? "" : $". «{NoTest}» judges nothing")}.", "NAME");
        else if (!isEvaluation) testList = set.Add<string?>("test-list", "A list of pictures to judge on.", "FILE");
        testCount = set.Add<int?>("eval-count", "Judge on so many pictures, chosen at random by the seed; all by default.", "N");
        mean = set.Add<string?>("mean", kind.Name.StartsWith("cifar", StringComparison.Ordinal) ? PictureMean.Description.Replace("blue first", "red first as Caffe makes it of these files", StringComparison.Ordinal) : PictureMean.Description, PictureMean.HelpName).RequireMean();
        scale = set.Add<float>("scale", "Multiplied after the mean is subtracted.", "X");
        noMirror = set.Flag("no-mirror", "Do not mirror half of the pictures.");
        crops = set.Add<int>("crops", $"Views of each picture in the judgement{(isEvaluation ? "" : " at the end")}: {(kind.Name == "voc" ? "random ones" : "1, the middle, or 10")}.", "N");
        crops.RequireAtLeast(1);
        testCount.RequireAtLeast(1);
        scale.RequireBetween(-1e30, 1e30);
        if (isEvaluation) return;
        evalCrops = set.Add<int>("eval-crops", "Views of each picture in those during training.", "N");
        pad = set.Add<int>("pad", "Pixels around small pictures before a cut is taken at random.", "N");
        jitter = set.Add<float>("jitter", "Change brightness, contrast and saturation at random by up to this share.", "X");
        evalCrops.RequireAtLeast(1);
        pad.RequireAtLeast(0);
        jitter.RequireBetween(0, 1);
    }

    /// <summary>The option of the data's path.</summary>
    public Option<string> Place => place;

    /// <summary>What is learned from.</summary>
    public Dataset Open(ParseResult options, ImageFiles files)
    {
        string path = options.GetRequiredValue(place);
        return kind.Name == "list" ? ListDataset.Open(path, files) : Split(options, files, path, options.GetValue(split!), classes: null);
    }

    /// <summary>What is judged on; null where there is nothing.</summary>
    public Dataset? OpenTest(ParseResult options, ImageFiles files, Dataset training)
    {
        string path = options.GetRequiredValue(place);
        Dataset? found;
        if (kind.Name == "list")
        {
            found = options.GetValue(testList!) is { } list ? ListDataset.Open(list, files, classes: training.Classes) : null;
        }
        else
        {
            string? named = options.GetValue(testSplit!);
            if (named == NoTest) return null;
            found = (named ?? kind.TestSplit) is { } part && (named is not null || IsThere(options, path, part)) ? Split(options, files, path, part, training.Classes) : null;
        }
        return found is null ? null : Chosen(options, found);
    }

    /// <summary>What an evaluation judges on.</summary>
    /// <param name="options">The command line.</param>
    /// <param name="files">Opens the pictures.</param>
    /// <param name="classes">Of the net; null where it does not say.</param>
    public Dataset OpenJudged(ParseResult options, ImageFiles files, IReadOnlyList<string>? classes)
    {
        string path = options.GetRequiredValue(place);
        return kind.Name == "list" ? ListDataset.Open(path, files, classes: classes) : Split(options, files, path, options.GetValue(testSplit!) ?? kind.TestSplit, classes);
    }

    /// <summary>As many of the pictures as were asked for.</summary>
    public Dataset Chosen(ParseResult options, Dataset judged) => options.GetValue(testCount) is { } count ? judged.Take(count, seed: 1) : judged;

    /// <summary>How training pictures become inputs.</summary>
    public Augmentation Training(ParseResult options, Dataset data, Shape input, NetInfo net)
    {
        Augmentation a = Centred(options, data, DataChoice.Training(data, input, default), net);
        int around = pad is null ? 0 : options.GetValue(pad);
        float change = jitter is null ? 0 : options.GetValue(jitter);
        return a with
        {
            Scale = options.GetValue(scale),
            Mirror = a.Mirror && !options.GetValue(noMirror),
            Crop = Padded(a.Crop, around),
            Jitter = new ColourJitter(change, change, change),
        };
    }

    private static CropRule Padded(CropRule crop, int around) => crop switch
    {
        RandomScaleCrop when around > 0 => throw new ToolException(ExitCode.Usage, $"--pad {around}: cuts of these pictures are taken at every scale, which leaves no place for a border; leave --pad out"),
        RandomScaleCrop => crop,
        _ when around > 0 || crop is RandomCrop => new RandomCrop(around),
        _ => crop,
    };

    /// <summary>How test pictures become inputs, in the views at the end or in those during training.</summary>
    public Augmentation Test(ParseResult options, Augmentation training, bool isFinal)
    {
        Option<int> views = isFinal ? crops : evalCrops!;
        return Test(training, options.GetValue(views), views.Name);
    }

    /// <summary>The inputs that go with a training's.</summary>
    /// <param name="training">What training pictures become.</param>
    /// <param name="views">Of each picture.</param>
    /// <param name="option">Where that came from, for messages.</param>
    public static Augmentation Test(Augmentation training, int views, string option = "--crops") => training.Crop is RandomScaleCrop scaled
        ? training with { Crop = scaled with { Count = views }, Jitter = default }
        : training with
        {
            Crop = views switch
            {
                1 => new CentreCrop(),
                10 => new TenCrop(),
                _ => throw new ToolException(ExitCode.Usage, $"{option} {views}: such pictures are judged by 1 view, the middle, or by 10"),
            },
            Mirror = false,
            Jitter = default,
        };

    // Pictures of IDX files have no mean of their own; one that is given is subtracted.
    private Augmentation Centred(ParseResult options, Dataset data, Augmentation a, NetInfo net)
    {
        string? given = options.GetValue(mean);
        return given is null && data is IdxDataset ? a : PictureMean.Parse(given, net, isRedFirst: data is CifarDataset).On(a, given);
    }

    private bool IsThere(ParseResult options, string path, string part) =>
        kind.Name != "voc" || VocDataset.HasSplit(path, part, options.GetValue(year!));

    private Dataset Split(ParseResult options, ImageFiles files, string path, string? part, IReadOnlyList<string>? classes) => kind.Name switch
    {
        "voc" => VocDataset.Open(path, part!, files, options.GetValue(year!)),
        "folder" => FolderDataset.Open(path, files, part, classes),
        "idx" => IdxDataset.OpenFolder(path, part!, classes),
        "cifar10" => CifarDataset.Open10(path, part!),
        _ => CifarDataset.Open100(path, part!),
    };
}
