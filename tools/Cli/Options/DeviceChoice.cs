using System.CommandLine;
using System.Text.RegularExpressions;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Cli;

/// <summary>Where it runs, on how many threads.</summary>
internal sealed partial class DeviceChoice
{
    private static readonly string[] Names = ["auto", "cpu", "reference", "cuda"];

    private readonly Option<string> device = new Option<string>("--device")
    {
        Description = "auto (the cpu), cpu, cuda or cuda:N (an NVIDIA GPU), or reference: plain loops in float64, slow.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "auto",
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
        command.Options.Add(threads);
        threads.RequireAtLeast(0);
    }

    public int Threads(ParseResult options) => options.GetValue(threads);

    /// <summary>The same choice for another command.</summary>
    public string[] Arguments(ParseResult options) => [device.Name, options.GetRequiredValue(device), threads.Name, Threads(options).ToString(System.Globalization.CultureInfo.InvariantCulture)];

    /// <summary>Opens the backend; a device that was named is never replaced by another.</summary>
    public Backend Open(ParseResult options) => Open(options, Threads(options));

    /// <summary>The same device with another number of threads.</summary>
    public Backend Open(ParseResult options, int threads) => options.GetRequiredValue(device) switch
    {
        "auto" => Backends.Open("cpu", threads),
        string name => Backends.Open(name, threads),
    };

    [GeneratedRegex("^cuda:[0-9]{1,3}$")]
    private static partial Regex NumberedDevice();
}
