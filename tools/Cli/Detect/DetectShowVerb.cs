using System.CommandLine;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Cli;

/// <summary>Draws what a detector finds.</summary>
internal sealed class DetectShowVerb : Verb
{
    private readonly Argument<string[]> images = new("IMAGE") { Description = "Pictures: JPEG, PNG, PPM, PGM.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> weights = new("--weights") { Description = "A run's folder, RUN/best, or a detector's weight file.", HelpName = "FILE", Required = true };
    private readonly Option<string?> proposals = new("--proposals") { Description = $"Where objects may be: {ProposalChoice.Kinds}.", HelpName = "FILE" };
    private readonly Option<double> least = new("--least") { Description = "Show what is at least so probable.", HelpName = "X", DefaultValueFactory = _ => 0.5 };
    private readonly Option<int> side = new("--side") { Description = "Pixels of the shorter side; as the run was judged by default.", HelpName = "N" };
    private readonly Option<string> output = new("--out", "-o") { Description = "The folder of the drawn pictures, PNG.", HelpName = "DIR", DefaultValueFactory = _ => "detections" };
    private readonly DeviceChoice device;
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public DetectShowVerb() : base("show", "Draws boxes and names of what a detector finds into pictures.",
        "evennet detect show street.jpg --weights runs/RUN --out found", "evennet detect show VOCdevkit/VOC2007/JPEGImages/000001.jpg --weights runs/RUN --proposals boxes.npz --least 0.8 --json")
    {
        Arguments.Add(images);
        least.RequireBetween(0, 1);
        side.RequireAtLeast(1);
        foreach (Option option in (Option[])[weights, proposals, least, side, output]) Add(option);
        device = new DeviceChoice(this);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        DetectorFile file = DetectorFile.Open(options.GetRequiredValue(weights));
        using var jpeg = new JpegDecoder();
        var files = new ImageFiles(jpeg);
        IProposals boxes = ProposalChoice.Open(options.GetValue(proposals), files);
        using Backend backend = device.Open(options, ui);
        (ParameterSet parameters, Detector detector) = file.Load(backend, Sizes(options, file), ui);
        string folder = options.GetRequiredValue(output);
        Directory.CreateDirectory(folder);
        var shown = new List<DetectShowResult>();
        using (parameters)
        using (detector)
        {
            foreach (string path in options.GetRequiredValue(images))
            {
                cancellation.ThrowIfCancellationRequested();
                Image image = files.Open(path);
                var picture = new ImageBuffer();
                picture.Take(new Image(image.Width, image.Height, (byte[])image.Pixels.Clone()));
                IReadOnlyList<Found> found = detector.Find(picture, [.. boxes.Of(path).Select(b => b.Clip(image.Width, image.Height))], options.GetValue(least), path);
                BoxPicture.Draw(image, found, file.Classes);
                string target = Path.Combine(folder, Path.GetFileNameWithoutExtension(path) + ".png");
                PngWriter.Write(target, image);
                shown.Add(new DetectShowResult(path, target, [.. found.Select(f => DetectedObject.Of(f, file.Classes))]));
                if (!options.GetValue(json)) Print(shown[^1], ui);
            }
        }
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(shown.ToArray()));
        return ExitCode.Ok;
    }

    // As the run that made the weights was judged.
    private FastRcnnOptions Sizes(ParseResult options, DetectorFile file)
    {
        IReadOnlyDictionary<string, string> settings = RunSearch.RunOf(file.Path)?.Settings ?? new Dictionary<string, string>();
        int shorter = options.GetResult(side) is { Implicit: false } ? options.GetValue(side) : settings.TryGetValue("test-side", out string? text) ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : new FastRcnnOptions().TestSide;
        return new FastRcnnOptions { TestSide = shorter, TestLongest = (int)Math.Round(shorter * 5 / 3.0) };
    }

    private static void Print(DetectShowResult result, Ui ui)
    {
        ui.Result($"{result.File} → {result.Picture}");
        foreach (DetectedObject o in result.Objects) ui.Result($"  {Text.Fixed(o.Score, 4),8}  {o.Class,-12}  {Text.Fixed(o.Left, 0)}, {Text.Fixed(o.Top, 0)} … {Text.Fixed(o.Right, 0)}, {Text.Fixed(o.Bottom, 0)}");
    }
}
