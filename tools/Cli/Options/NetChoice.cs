using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Which net, with how many classes.</summary>
internal sealed class NetChoice
{
    private readonly Argument<NetInfo> net = new("NET")
    {
        Description = $"The net: {string.Join(", ", Nets.All.Select(n => n.Name))}.",
        CustomParser = result =>
        {
            try
            {
                return Nets.Find(result.Tokens[0].Value);
            }
            catch (GraphException error)
            {
                result.AddError(error.Message);
                return null!;
            }
        },
    };

    private readonly Option<int?> classes = new("--classes") { Description = "Classes of the net; as published by default.", HelpName = "N" };

    public NetChoice(Command command)
    {
        command.Arguments.Add(net);
        command.Options.Add(classes);
        classes.RequireAtLeast(1);
    }

    public NetInfo Net(ParseResult options) => options.GetRequiredValue(net);

    /// <summary>As asked for, or null.</summary>
    public int? Classes(ParseResult options) => options.GetValue(classes);
}
