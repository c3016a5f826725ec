using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>How weights are made and layers brought together.</summary>
internal sealed class MethodChoice
{
    private readonly Option<string> method = new Option<string>("--method")
    {
        Description = $"How weights are made: {string.Join(", ", InitMethods.Names)}.",
        HelpName = "NAME",
        DefaultValueFactory = _ => new InitOptions().Method,
    }.RequireOneOf(InitMethods.Names);

    private readonly Option<string?> between = new("--between")
    {
        Description = $"How layers are brought to one rate: {string.Join(", ", InitMethods.BetweenNames)}; by default none for lsuv and for methods that do not look at pictures, scale-layers for the others.",
        HelpName = "MODE",
    };

    private readonly Option<string> start = new Option<string>("--start") { Description = $"With the lsuv methods: the weights that are brought to unit variance: {string.Join(", ", InitMethods.Blind)}.", HelpName = "NAME", DefaultValueFactory = _ => new InitOptions().Start }.RequireOneOf(InitMethods.Blind);
    private readonly Option<bool> noWithin = new("--no-within") { Description = "Leave out the within-layer step." };
    private readonly Option<float> bias = new("--bias") { Description = "The mean that every channel gets.", HelpName = "X", DefaultValueFactory = _ => new InitOptions().Bias };
    private readonly Option<bool> zeroClassifier = new("--zero-classifier") { Description = "Set the classifiers' weights to zero at the end." };
    private readonly Option<double?> damping = new("--damping") { Description = "Share of its distance from the mean that a layer moves a sweep, 0 to 1.", HelpName = "X" };
    private readonly Option<int?> sweeps = new("--sweeps") { Description = "Most sweeps of the between-layer step.", HelpName = "N" };
    private readonly Option<bool> dropout = new("--dropout") { Description = "Leave dropout on while statistics are taken, as the paper's program does." };
    private readonly Option<bool> noElements = new("--no-elements") { Description = "Do not measure single weights (quicker)." };

    public MethodChoice(Command command)
    {
        between.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(t => t.Value).Where(v => !InitMethods.BetweenNames.Contains(v)))
                result.AddError($"--between: there is no {value}; did you mean {NearestName.Of(value, InitMethods.BetweenNames)}? There are {string.Join(", ", InitMethods.BetweenNames)}");
        });
        bias.RequireBetween(-1e6, 1e6);
        damping.RequireBetween(0, 1);
        sweeps.RequireAtLeast(1);
        foreach (Option option in (Option[])[method, between, start, noWithin, bias, zeroClassifier, damping, sweeps, dropout, noElements]) command.Options.Add(option);
    }

    public InitOptions Options(ParseResult options, NetInfo net, ulong seed, bool keepExisting)
    {
        var chosen = new InitOptions
        {
            Method = options.GetRequiredValue(method),
            Between = options.GetValue(between),
            Start = options.GetRequiredValue(start),
            Within = !options.GetValue(noWithin),
            Bias = options.GetValue(bias),
            ZeroClassifier = options.GetValue(zeroClassifier),
            KeepExisting = keepExisting,
            Phase = options.GetValue(dropout) ? Phase.Train : Phase.Test,
            Damping = options.GetValue(damping),
            Sweeps = options.GetValue(sweeps),
            Fills = net.Fills,
            Seed = seed,
            Elements = !options.GetValue(noElements),
        };
        if (keepExisting && InitMethods.Blind.Contains(chosen.Method))
            throw new ToolException(ExitCode.Usage, $"--weights keeps what is in the file, but --method {chosen.Method} draws everything anew; use a method that looks at pictures: {string.Join(", ", InitMethods.FromData.Concat(InitMethods.Lsuv))}");
        // What cannot be made is said before any picture is read.
        if (InitMethods.Blind.Contains(chosen.Method)) _ = InitMethods.BlindInit(chosen.Method, chosen.Fills);
        if (InitMethods.Lsuv.Contains(chosen.Method)) _ = InitMethods.BlindInit(chosen.Start, chosen.Fills);
        return chosen;
    }
}
