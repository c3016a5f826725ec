using EvenNet.Cli;
using EvenNet.Report;

namespace EvenNet.Tests.Cli;

public sealed class ReportVerbTests
{
    [Test]
    public void Runs_are_overlaid_and_equal_names_told_apart()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 4);
        foreach ((string name, string method) in new[] { ("a", "gaussian"), ("b", "xavier"), ("c", "gaussian") })
            Assert.That(ToolRun.Of("init", "caffenet-mini", "--images", images, "--method", method, "--count", "4", "--report", folder[name], "--json").ExitCode, Is.Zero);
        ToolRun run = ToolRun.Of("report", folder["a"], folder["b"] + "/", Path.Combine(folder["c"], "init-report.json"), "-o", folder["all.html"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output.Trim(), Is.EqualTo(folder["all.html"]));
        string page = File.ReadAllText(folder["all.html"]);
        Assert.That(page, Does.Contain("gaussian (a)").And.Contain("<span>xavier</span>").And.Contain("gaussian (init-report.json)"));
    }

    [Test]
    public void One_run_gives_its_own_page_again()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 4);
        Assert.That(ToolRun.Of("init", "caffenet-mini", "--images", images, "--method", "gaussian", "--count", "4", "--report", folder["a"]).ExitCode, Is.Zero);
        Assert.That(ToolRun.Of("report", folder["a"], "-o", folder["again.html"]).ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(folder["again.html"]), Is.EqualTo(File.ReadAllText(Path.Combine(folder["a"], "report.html"))));
    }

    [Test]
    public void What_is_no_report_is_refused()
    {
        using var folder = new TemporaryFolder();
        ToolRun.Of("report", folder["none"]).MustFail(ExitCode.Data, $"no report in {folder["none"]}");
        File.WriteAllText(folder["x.json"], "{}");
        ToolRun.Of("report", folder["x.json"]).MustFail(ExitCode.Data, "is no report of this program");
        File.WriteAllText(folder["x.json"], """{"title":"t","methods":[]}""");
        ToolRun.Of("report", folder["x.json"]).MustFail(ExitCode.Data, "it has no method");
    }
}
