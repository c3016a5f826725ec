using System.Diagnostics;
using EvenNet.Cli;

namespace EvenNet.Tests.Cli;

/// <summary>The tool as a process of its own: pipes, signals and exit codes as a shell sees them.</summary>
public sealed class ProcessTests
{
    [Test]
    public void No_escape_code_goes_into_a_pipe([Values("doctor", "summary caffenet", "init", "diagnose", "report", "bench net caffenet-mini --batch 1 --repetitions 1 --seconds 0", "wrong")] string command)
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 4);
        string[] line = command switch
        {
            "init" => ["init", "caffenet-mini", "--images", images, "--method", "gaussian", "--count", "4", "--out", folder["w"]],
            "diagnose" => ["diagnose", "caffenet-mini", "--init", "gaussian", "xavier", "--images", images, "--count", "4"],
            "report" => ["report", folder["none"]],
            _ => command.Split(' '),
        };
        using Process tool = Start(line);
        (string output, string error) = Read(tool);
        Assert.That(output + error, Does.Not.Contain("\x1b").And.Not.Empty);
        Assert.That(tool.ExitCode, Is.EqualTo(command switch { "wrong" => ExitCode.Usage, "report" => ExitCode.Data, _ => ExitCode.Ok }), error);
    }

    [Test]
    public void Interrupted_in_the_middle_it_stops_with_130_and_leaves_nothing()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("a signal is sent with kill, which Windows has not");
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 4);
        // Long enough to be hit in the middle: plain loops on many pictures.
        using Process tool = Start("init", "caffenet-mini", "--images", images, "--method", "gaussian", "--count", "100", "--device", "reference", "--out", folder["w"], "--report", folder["r"]);
        // Standard error is a pipe here: the line after the pictures means that the work has begun.
        for (string? line = tool.StandardError.ReadLine(); line is not null && !line.StartsWith("warning", StringComparison.Ordinal);) line = tool.StandardError.ReadLine();
        using (Process kill = Process.Start("kill", ["-INT", $"{tool.Id}"])!) kill.WaitForExit();
        (_, string error) = Read(tool);
        Assert.That(tool.ExitCode, Is.EqualTo(ExitCode.Interrupted), error);
        Assert.That(error, Does.Contain("stopping").And.Contain("interrupted; nothing was written"));
        Assert.That(folder.Names, Is.EqualTo(new[] { "images" }));
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(EvenNetTool).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        // What makes a console library believe in colours.
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["COLORTERM"] = "truecolor";
        start.Environment["GITHUB_ACTIONS"] = "true";
        start.Environment.Remove("NO_COLOR");
        return Process.Start(start)!;
    }

    private static (string Output, string Error) Read(Process process)
    {
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output, error.Result);
    }
}
