using System.CommandLine;
using System.Globalization;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>What is subtracted from pictures: three numbers, or a mean picture of Caffe's.</summary>
/// <param name="Levels">Of blue, green and red, where there is no picture.</param>
/// <param name="Picture">The picture.</param>
internal sealed record PictureMean(BgrMean Levels, MeanImage? Picture)
{
    /// <summary>The value's name in helps.</summary>
    public const string HelpName = "B,G,R|FILE";

    /// <summary>What help says of it.</summary>
    public const string Description = "What is subtracted from blue, green and red, or a mean picture (.binaryproto), blue first; the net's own by default.";

    /// <summary>The option.</summary>
    public static Option<string?> Option() => new Option<string?>("--mean") { Description = Description, HelpName = HelpName }.RequireMean();

    /// <summary>Reads «104,117,123», or the file.</summary>
    /// <param name="text">As given; null for the net's own.</param>
    /// <param name="net">Whose mean it is by default.</param>
    /// <param name="isRedFirst">Whether a file's planes are red, green and blue.</param>
    /// <exception cref="ToolException">It is neither.</exception>
    public static PictureMean Parse(string? text, NetInfo net, bool isRedFirst = false)
    {
        if (text is null) return new(new BgrMean(net.Mean.Blue, net.Mean.Green, net.Mean.Red), null);
        if (Numbers(text) is { } numbers) return new(numbers, null);
        MeanImage read = CaffeMeanFile.Read(text);
        if (read.Shape.Channels is not (1 or 3)) throw new ToolException(ExitCode.Data, $"{text}: a mean picture has 3 channels or 1, this one has {read.Shape.Channels}");
        return new(default, isRedFirst ? read.Reversed() : read);
    }

    /// <summary>«104,117,123»; null where it is none.</summary>
    public static BgrMean? Numbers(string text)
    {
        float[] values = [.. text.Split(',').Select(part => float.TryParse(part, CultureInfo.InvariantCulture, out float value) ? value : float.NaN)];
        return values.Length == 3 && values.All(float.IsFinite) ? new BgrMean(values[0], values[1], values[2]) : null;
    }

    /// <summary>Whether this names a mean picture.</summary>
    public static bool IsFile(string text) => File.Exists(text) || string.Equals(Path.GetExtension(text), ".binaryproto", StringComparison.OrdinalIgnoreCase);

    /// <summary>The transformation with this mean.</summary>
    /// <exception cref="ToolException">The mean picture does not fit.</exception>
    public ImageTransform On(ImageTransform transform, string? text)
    {
        ImageTransform made = transform with { Mean = Levels, MeanImage = Picture?.InColour() };
        return made.Problem is not { } problem ? made
            : throw new ToolException(ExitCode.Usage, $"--mean {text}: {problem}; or give its means of blue, green and red, --mean {Means}");
    }

    /// <summary>The training's inputs with this mean. A data set whose pictures are resized as wholes gets them at the size of the mean picture.</summary>
    /// <exception cref="ToolException">The mean picture does not fit.</exception>
    public Augmentation On(Augmentation training, string? text)
    {
        if (Picture is not { } picture) return training with { Mean = Levels };
        Augmentation made = training with { Mean = default, MeanImage = picture };
        if (training is { Fit: ImageFit.Warp, ResizeTo: > 0 } && picture.Shape.Height == picture.Shape.Width) made = made with { ResizeTo = picture.Shape.Height };
        string? problem = made.Problem
            ?? (picture.Shape.Height < training.Shape.Height || picture.Shape.Width < training.Shape.Width ? $"the mean picture is {picture.Shape.Width}×{picture.Shape.Height} pixels, less than the {training.Shape.Width}×{training.Shape.Height} of the input" : null);
        return problem is null ? made : throw new ToolException(ExitCode.Usage, $"--mean {text}: {problem}: --mean {Means}");
    }

    // «104.007,116.669,122.679»
    private string Means
    {
        get
        {
            BgrMean means = Picture!.PerChannel();
            return string.Create(CultureInfo.InvariantCulture, $"{means.Blue:0.###},{means.Green:0.###},{means.Red:0.###}");
        }
    }
}
