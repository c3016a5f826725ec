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

    [Test]
    public void Trainings_are_overlaid_or_printed_for_programs()
    {
        using var folder = new TemporaryFolder();
        string fast = SampleRun.Write(folder["fast"], "kmeans", 0.1, 40), slow = SampleRun.Write(folder["slow"], "gaussian", 0.4, 40);
        ToolRun run = ToolRun.Of("report", fast, slow + "/", "-o", folder["all.html"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output.Trim(), Is.EqualTo(folder["all.html"]));
        Assert.That(File.ReadAllText(folder["all.html"]), Does.Contain("Which run learnt faster"));
        Assert.That(ToolRun.Of("report", fast, slow, "--json").Json.GetProperty("runs").GetArrayLength(), Is.EqualTo(2));
        Assert.That(folder.Names, Is.EqualTo(new[] { "all.html", "fast", "slow" }), "with --json the page is written where --out says only");
    }

    [Test]
    public void What_is_wrong_with_a_training_is_said_with_file_and_line()
    {
        using var folder = new TemporaryFolder();
        string run = SampleRun.Write(Path.Combine(folder["runs"], "a"), "kmeans", 0.1, 40);
        ToolRun.Of("report", folder["runs"], "-o", folder["x.html"]).MustFail(ExitCode.Data, "neither run.json nor metrics.jsonl is in it", $"runs are {run}");
        File.AppendAllText(Path.Combine(run, "metrics.jsonl"), "nonsense\n");
        ToolRun broken = ToolRun.Of("report", run, "-o", folder["x.html"]);
        Assert.That((broken.ExitCode, broken.Error), Is.EqualTo((0, broken.Error)));
        Assert.That(broken.Error, Does.Match(@"metrics\.jsonl: line \d+ is no line of metrics"));
        File.WriteAllText(folder["init-report.json"], "{}");
        ToolRun.Of("report", run, folder.Path, "-o", folder["y.html"]).MustFail(ExitCode.Usage, "make a page of each kind");
    }
}
