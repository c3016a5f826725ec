using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>How often something is measured.</summary>
internal sealed class RepetitionChoice
{
    private readonly Option<int> repetitions;
    private readonly Option<double> seconds;

    public RepetitionChoice(Command command, int defaultCount, double defaultSeconds)
    {
        repetitions = new("--repetitions") { Description = $"Measurements of at least {Text.Fixed(Repetitions.BlockSeconds, 1)} s each; their median counts.", HelpName = "N", DefaultValueFactory = _ => defaultCount };
        seconds = new("--seconds") { Description = $"Begin no further measurement of one pass after this long, once there are {Repetitions.Least}.", HelpName = "X", DefaultValueFactory = _ => defaultSeconds };
        repetitions.RequireAtLeast(1);
        seconds.RequireBetween(0, 86_400);
        command.Options.Add(repetitions);
        command.Options.Add(seconds);
    }

    public int Count(ParseResult options) => options.GetValue(repetitions);

    public double Seconds(ParseResult options) => options.GetValue(seconds);
}
