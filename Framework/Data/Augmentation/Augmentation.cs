namespace EvenNet.Framework;

/// <summary>
/// From a picture of a data set to a net's input: resize, cut, mirror, change colours, subtract the mean, then scale, as float32 channels × height × width
/// in the order blue, green, red. What is random depends on the draws handed in and nothing else. Values beyond the picture are 0 at the end.
/// </summary>
/// <param name="Shape">Of one input: 3 channels, or 1 for grey pictures.</param>
public sealed record Augmentation(Shape Shape)
{
    /// <summary>How the picture is resized to <see cref="ResizeTo"/>, by OpenCV's bilinear: both sides, or the shorter one and the other with it.</summary>
    public ImageFit Fit { get; init; } = ImageFit.Crop;

    /// <summary>The side after the resize, in pixels; 0 leaves the picture as it is.</summary>
    public int ResizeTo { get; init; }

    /// <summary>What is cut out.</summary>
    public CropRule Crop { get; init; } = new CentreCrop();

    /// <summary>Each cut is mirrored with probability ½.</summary>
    public bool Mirror { get; init; }

    /// <summary>Random changes of colour.</summary>
    public ColourJitter Jitter { get; init; }

    /// <summary>Subtracted first; of grey pictures the blue.</summary>
    public BgrMean Mean { get; init; }

    /// <summary>Subtracted instead of <see cref="Mean"/>, by the place in the resized picture.</summary>
    public MeanImage? MeanImage { get; init; }

    /// <summary>Multiplied after the mean is subtracted.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>
    /// A JPEG that is to be shrunk to half or less is decoded at 1/2, 1/4 or 1/8, never smaller than what is taken from it. Faster and smoother than the
    /// full picture, and so not the same to the last level.
    /// </summary>
    public bool ScaledDecode { get; init; } = true;

    /// <summary>Inputs made from one picture.</summary>
    public int Views => Crop.Views;

    /// <summary>The VOC experiments' training of Krähenbühl et al. 2016: random scale-and-crop with mirroring, the ImageNet mean.</summary>
    /// <param name="input">The net's.</param>
    /// <param name="crops">Of a picture: 1 to train, 10 to test.</param>
    public static Augmentation Voc(Shape input, int crops = 1) => new(input) { Crop = new RandomScaleCrop(Count: crops), Mirror = true, Mean = BgrMean.ImageNet };

    /// <summary>Caffe's ImageNet training: both sides to 256, random cut, mirroring.</summary>
    public static Augmentation ImageNetTraining(Shape input) => ImageNetTest(input) with { Crop = new RandomCrop(), Mirror = true };

    /// <summary>Caffe's ImageNet test: both sides to 256, the middle.</summary>
    public static Augmentation ImageNetTest(Shape input) => new(input) { Fit = ImageFit.Warp, ResizeTo = 256, Mean = BgrMean.ImageNet };

    /// <summary>CIFAR's usual training: 4 pixels around, random cut, mirroring (He et al. 2016, §4.2).</summary>
    public static Augmentation CifarTraining(Shape input) => new(input) { Crop = new RandomCrop(Pad: 4), Mirror = true };

    /// <summary>Why these settings contradict one another; null where they do not.</summary>
    public string? Problem =>
        Shape.Channels is not (1 or 3) ? $"pictures have 3 channels or 1, the input {Shape} has {Shape.Channels}"
        : Shape.Height <= 0 || Shape.Width <= 0 || ResizeTo < 0 || Views <= 0 ? $"sizes must be positive, got an input of {Shape}, a resize to {ResizeTo} and {Views} views"
        : Crop is TenCrop && Mirror ? "the ten cuts hold the mirrored ones: take the mirroring away"
        : Crop is RandomCrop { Pad: < 0 } ? "a cut cannot be padded with less than 0 pixels"
        : Crop is RandomScaleCrop { Least: <= 0 } or RandomScaleCrop { Most: <= 0 } ? "steps of a scaled cut must be positive"
        : MeanImage is not null && !Crop.IsWhole ? "a mean picture is subtracted pixel by pixel and cannot go with a cut at any scale: use mean values"
        : MeanImage is { } mean && mean.Shape.Channels != Shape.Channels ? $"the mean picture is {mean.Shape}, the input {Shape}"
        : Jitter.Problem;

    /// <summary>Makes the inputs of one picture; for loading use <see cref="DataLoader"/>, which keeps the memory.</summary>
    /// <param name="picture">As decoded.</param>
    /// <param name="random">Draws that belong to this sample alone.</param>
    /// <param name="inputs">Views × channels × height × width.</param>
    /// <exception cref="ArgumentException">The settings contradict one another, or the picture has another number of channels or is too small.</exception>
    public void Apply(ImageBuffer picture, RandomSource random, Span<float> inputs)
    {
        if (Problem is { } problem) throw new ArgumentException(problem);
        new SampleMaker(this).Make(picture, random, inputs);
    }

    /// <summary>The size of a picture after the resize.</summary>
    public (int Width, int Height) Resized(int width, int height)
    {
        if (ResizeTo == 0) return (width, height);
        if (Fit == ImageFit.Warp) return (ResizeTo, ResizeTo);
        int longer = (int)Math.Min(int.MaxValue, Math.Round((double)Math.Max(width, height) * ResizeTo / Math.Min(width, height)));
        return width < height ? (ResizeTo, longer) : (longer, ResizeTo);
    }
}
