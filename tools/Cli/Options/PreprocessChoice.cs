using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>What is subtracted from pictures and what they are multiplied by.</summary>
internal sealed class PreprocessChoice
{
    private readonly Option<string?> mean = PictureMean.Option();
    private readonly Option<float> scale = new("--scale") { Description = "Multiplied after the mean is subtracted.", HelpName = "X", DefaultValueFactory = _ => 1 };

    public PreprocessChoice(Command command)
    {
        scale.RequireBetween(-1e30, 1e30);
        command.Options.Add(mean);
        command.Options.Add(scale);
    }

    /// <param name="transform">Resize and cut.</param>
    /// <param name="options">The command line.</param>
    /// <param name="net">Whose mean it is by default.</param>
    /// <param name="isRedFirst">Whether a mean picture's planes are red, green and blue.</param>
    public ImageTransform On(ImageTransform transform, ParseResult options, NetInfo net, bool isRedFirst = false) =>
        PictureMean.Parse(options.GetValue(mean), net, isRedFirst).On(transform with { Scale = options.GetValue(scale) }, options.GetValue(mean));
}
