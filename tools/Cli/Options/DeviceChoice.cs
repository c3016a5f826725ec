using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Cli;

/// <summary>Where it runs, on how many threads.</summary>
internal sealed partial class DeviceChoice
{
    private static readonly string[] Names = ["auto", "cpu", "reference", "cuda"];
    private static readonly string[] Precisions = [.. Enum.GetNames<Precision>().Select(n => n.ToLowerInvariant())];

    private readonly Option<string> device = new Option<string>("--device")
    {
        Description = "auto (the cpu), cpu, cuda or cuda:N (an NVIDIA GPU), or reference: plain loops in float64, slow.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<Precision> precision = new("--precision")
    {
        Description = "Of products and convolutions by cuBLAS and cuDNN: fp32, tf32 or bf16; own kernels and the cpu compute in fp32.",
        HelpName = "NAME",
        CustomParser = Parse,
    };

    private readonly Option<int> threads = new("--threads") { Description = "Threads; 0 means one per processor.", HelpName = "N" };

    public DeviceChoice(Command command)
    {
        device.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value).Where(v => !Names.Contains(v) && !NumberedDevice().IsMatch(v)))
                result.AddError($"{device.Name}: there is no {value}; did you mean {NearestName.Of(value, Names)}? There are {string.Join(", ", Names)}, cuda:1 and so on");
        });
        device.CompletionSources.Add([.. Names]);
        command.Options.Add(device);
        precision.CompletionSources.Add([.. Precisions]);
        command.Options.Add(precision);
        command.Options.Add(threads);
        threads.RequireAtLeast(0);
    }

    public int Threads(ParseResult options) => options.GetValue(threads);

    /// <summary>The same choice for another command.</summary>
    public string[] Arguments(ParseResult options) => [device.Name, options.GetRequiredValue(device), precision.Name, $"{options.GetValue(precision)}".ToLowerInvariant(), threads.Name, Threads(options).ToString(System.Globalization.CultureInfo.InvariantCulture)];

    /// <summary>Opens the backend; a device that was named is never replaced by another. What it does otherwise than asked is told as a warning.</summary>
    public Backend Open(ParseResult options, Ui ui) => Open(options, ui, Threads(options));

    /// <summary>The same device with another number of threads.</summary>
    public Backend Open(ParseResult options, Ui ui, int threads)
    {
        string name = options.GetRequiredValue(device);
        return Backends.Open(name == "auto" ? "cpu" : name, threads, options.GetValue(precision), ui.Warn);
    }

    private static Precision Parse(ArgumentResult result)
    {
        string value = result.Tokens[^1].Value;
        if (Array.IndexOf(Precisions, value) is var found and >= 0) return (Precision)found;
        result.AddError($"--precision: there is no {value}; there are {string.Join(", ", Precisions)}");
        return default;
    }

    [GeneratedRegex("^cuda:[0-9]{1,3}$")]
    private static partial Regex NumberedDevice();
}
