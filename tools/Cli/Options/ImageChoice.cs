using System.CommandLine;
using System.CommandLine.Parsing;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Which pictures a command looks at, and how they become a net's input.</summary>
internal sealed class ImageChoice
{
    // The published nets read pictures whose shorter side is 256 and cut out 227 (or 224).
    private const int PublishedSide = 256, PublishedCut = 227, SmallestPublished = 200;

    private readonly Option<string?> folder = new("--images") { Description = "A folder of pictures: JPEG, PNG, PPM, PGM.", HelpName = "DIR" };
    private readonly Option<bool> recursive = new("--recursive") { Description = "With --images: those of its sub-folders too." };
    private readonly Option<string?> list = new("--list") { Description = "A file with a path a line (Caffe's «path label» too).", HelpName = "FILE" };
    private readonly Option<string?> voc = new("--voc") { Description = "A PASCAL VOC data set: VOCdevkit, or a year's folder in it.", HelpName = "DIR" };
    private readonly Option<string> split = new("--split") { Description = "With --voc: the split.", HelpName = "NAME", DefaultValueFactory = _ => "trainval" };
    private readonly Option<int> count;
    private readonly Option<bool> crop = new("--crop") { Description = "Resize the shorter side and cut out the middle, instead of warping the whole picture to the input's size." };
    private readonly Option<string?> mean = PictureMean.Option();
    private readonly Option<float> scale = new("--scale") { Description = "Multiplied after the mean is subtracted.", HelpName = "X", DefaultValueFactory = _ => 1 };

    /// <param name="command">The command that gets the options.</param>
    /// <param name="defaultCount">Pictures where --count says nothing.</param>
    /// <param name="isRequired">Whether pictures must be named.</param>
    public ImageChoice(Command command, int defaultCount, bool isRequired = true)
    {
        count = new("--count") { Description = "How many pictures, chosen at random by the seed.", HelpName = "N", DefaultValueFactory = _ => defaultCount };
        count.RequireAtLeast(1);
        scale.RequireBetween(-1e30, 1e30);
        foreach (Option option in (Option[])[folder, recursive, list, voc, split, count, crop, mean, scale]) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            int sources = ((Option[])[folder, list, voc]).Count(o => result.GetResult(o) is not null);
            if (sources == 0 && isRequired) result.AddError("no pictures: give one of --images DIR, --list FILE, --voc DIR");
            if (sources > 1) result.AddError("--images, --list and --voc exclude one another");
        });
    }

    public int Count(ParseResult options) => options.GetValue(count);

    /// <summary>Whether any pictures were named.</summary>
    public bool IsGiven(ParseResult options) => ((Option[])[folder, list, voc]).Any(o => options.GetResult(o) is not null);

    /// <summary>Finds the pictures: quick, and the place where most mistakes show.</summary>
    public ImageSource Source(ParseResult options) =>
        options.GetValue(folder) is { } f ? ImageSource.Folder(f, options.GetValue(recursive))
        : options.GetValue(list) is { } l ? ImageSource.ListFile(l)
        : ImageSource.Voc(options.GetValue(voc)!, options.GetValue(split)!);

    public ImageTransform Transform(ParseResult options, NetInfo net, Shape input) => PictureMean.Parse(options.GetValue(mean), net).On(new ImageTransform(input)
    {
        Fit = options.GetValue(crop) ? ImageFit.Crop : ImageFit.Warp,
        ResizeTo = input.Height >= SmallestPublished ? PublishedSide : (int)Math.Round((double)input.Height * PublishedSide / PublishedCut),
        Scale = options.GetValue(scale),
    }, options.GetValue(mean));

    /// <summary>The options that name the same pictures again, to be pasted.</summary>
    public string Arguments(ParseResult options) =>
        options.GetValue(folder) is { } f ? $"--images {Text.Quoted(f)}{(options.GetValue(recursive) ? " --recursive" : "")}"
        : options.GetValue(list) is { } l ? $"--list {Text.Quoted(l)}"
        : $"--voc {Text.Quoted(options.GetValue(voc)!)} --split {Text.Quoted(options.GetValue(split)!)}";

    /// <summary>Chooses, decodes and transforms.</summary>
    public Pictures Load(ParseResult options, NetInfo net, Shape input, ulong seed, int threads, Ui ui, CancellationToken cancellation)
    {
        ImageSource source = Source(options);
        ImageTransform transform = Transform(options, net, input);
        ImageSample sample = source.Sample(Count(options), seed);
        using var jpeg = new JpegDecoder();
        var loader = new ImageLoader(new ImageFiles(jpeg), transform, threads);
        LoadedImages loaded = ui.Track(progress => loader.Load(sample, new PictureProgress(progress), cancellation));
        var pictures = new Pictures(source, transform, loaded);
        ui.Note("images", pictures.Description);
        foreach (string note in pictures.Notes) ui.Warn(note);
        return pictures;
    }

    /// <summary>«104,117,123».</summary>
    public static BgrMean? ParseMean(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (PictureMean.Numbers(text) is { } mean) return mean;
        result.AddError($"--mean takes three numbers, blue,green,red (104,117,123), got {text}");
        return null;
    }

    private sealed class PictureProgress(IProgress<InitProgress> progress) : IProgress<(int Done, int Total)>
    {
        public void Report((int Done, int Total) value) =>
            progress.Report(new InitProgress("images", $"{value.Done} of {value.Total}", (double)value.Done / value.Total));
    }
}
