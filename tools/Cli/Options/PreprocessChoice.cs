using System.CommandLine;
using System.Globalization;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>What is subtracted from pictures and what they are multiplied by: three numbers, or a mean picture of Caffe's.</summary>
internal sealed class PreprocessChoice
{
    private readonly Option<string?> mean = new("--mean") { Description = "What is subtracted from blue, green and red, or a mean file (.binaryproto), of which each channel's mean counts; the net's own by default.", HelpName = "B,G,R|FILE" };
    private readonly Option<float> scale = new("--scale") { Description = "Multiplied after the mean is subtracted.", HelpName = "X", DefaultValueFactory = _ => 1 };

    public PreprocessChoice(Command command)
    {
        scale.RequireBetween(-1e30, 1e30);
        command.Options.Add(mean);
        command.Options.Add(scale);
    }

    public float Scale(ParseResult options) => options.GetValue(scale);

    /// <param name="options">The command line.</param>
    /// <param name="net">Whose mean it is by default.</param>
    /// <param name="isRedFirst">Whether a mean file's planes are red, green and blue.</param>
    public BgrMean Mean(ParseResult options, NetInfo net, bool isRedFirst = false)
    {
        if (options.GetValue(mean) is not { } text) return new BgrMean(net.Mean.Blue, net.Mean.Green, net.Mean.Red);
        float[] values = [.. text.Split(',').Select(part => float.TryParse(part, CultureInfo.InvariantCulture, out float value) ? value : float.NaN)];
        if (values.Length == 3 && values.All(float.IsFinite)) return new BgrMean(values[0], values[1], values[2]);
        if (values.Length > 1) throw new ToolException(ExitCode.Usage, $"--mean takes three numbers, blue,green,red (104,117,123), or a file, got {text}");
        BgrMean planes = CaffeMeanFile.Read(text).PerChannel();
        return isRedFirst ? new BgrMean(planes.Red, planes.Green, planes.Blue) : planes;
    }
}
