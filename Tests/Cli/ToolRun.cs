using System.Text.Json;
using EvenNet.Cli;

namespace EvenNet.Tests.Cli;

/// <summary>One command line, run in this process with nothing a terminal.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    public static ToolRun Of(params string[] arguments) => Of(CancellationToken.None, arguments);

    public static ToolRun Of(CancellationToken cancellation, params string[] arguments)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = EvenNetTool.Run(arguments, new Terminal(output, error), cancellation);
        return new ToolRun(code, output.ToString(), error.ToString());
    }

    /// <summary>The output as one JSON document; the command must have succeeded.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.That(ExitCode, Is.Zero, Error);
            using JsonDocument document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }

    /// <summary>The command failed with this code and said all of this on standard error; no results, no escape codes, no stack trace.</summary>
    public void MustFail(int exitCode, params string[] messages)
    {
        Assert.That(ExitCode, Is.EqualTo(exitCode), Error);
        foreach (string message in messages) Assert.That(Error, Does.Contain(message));
        Assert.That(Output, Is.Empty);
        Assert.That(Error, Does.Not.Contain("\x1b").And.Not.Contain("   at EvenNet"));
    }
}
