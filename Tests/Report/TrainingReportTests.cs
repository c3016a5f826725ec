using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Tests;

public sealed partial class TrainingReportTests
{
    private const string Hostile = "</script><img src=x onerror=alert(1)>";

    [Test]
    public void The_page_says_which_run_learnt_faster()
    {
        using var folder = new TemporaryFolder();
        string page = TrainingReport.Render(Runs(folder));
        Assert.That(page, Does.Match("<b>kmeans</b> was the first at a loss of [0-9.]+, after <b>[0-9]+</b> iterations"));
        Assert.That(page, Does.Match("<b>gaussian</b> took [0-9]+, [0-9.]+ times as many"));
        Assert.That(page.IndexOf("<td>finished</td>", StringComparison.Ordinal), Is.Positive);
        JsonElement[] runs = [.. Data(page).GetProperty("runs").EnumerateArray()];
        double fast = runs[1].GetProperty("iterationsToLevel").GetDouble(), slow = runs[0].GetProperty("iterationsToLevel").GetDouble();
        Assert.That(fast, Is.LessThan(slow / 2));
    }

    [Test]
    public void The_data_in_the_page_are_those_for_programs()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<RunData> runs = Runs(folder);
        using JsonDocument own = JsonDocument.Parse(TrainingReport.Json(runs));
        JsonElement inPage = Data(TrainingReport.Render(runs));
        Assert.That(JsonElement.DeepEquals(own.RootElement, inPage), Is.True);
        JsonElement run = inPage.GetProperty("runs")[0];
        Assert.That((run.GetProperty("name").GetString(), run.GetProperty("seed").GetInt32(), run.GetProperty("outcome").GetString()), Is.EqualTo(("gaussian", 1, "finished")));
        Assert.That(run.GetProperty("curves").EnumerateArray().Select(c => c.GetProperty("name").GetString()), Does.Contain("loss, smooth").And.Contain("map").And.Contain("conv5.update"));
        Assert.That(run.GetProperty("evaluation").GetProperty("multiLabel").GetProperty("classes").GetArrayLength(), Is.EqualTo(20));
    }

    [Test]
    public void Runs_that_differ_in_the_seed_alone_share_a_mark()
    {
        using var folder = new TemporaryFolder();
        RunData[] runs = [.. ((ulong[])[1, 2, 3]).Select(s => RunData.Read(SampleRun.Write(folder[$"k{s}"], "kmeans", 0.1, 40, s, hasRates: false))), RunData.Read(SampleRun.Write(folder["g"], "gaussian", 0.4, 40, hasRates: false))];
        IReadOnlyList<TrainingSummary> all = TrainingSummary.Of(runs);
        Assert.That(all.Select(r => r.Group), Is.EqualTo(new[] { 0, 0, 0, 1 }));
        Assert.That(all.Select(r => r.Label), Is.EqualTo(new[] { "kmeans, seed 1", "kmeans, seed 2", "kmeans, seed 3", "gaussian" }));
        Assert.That(TrainingSummary.Of([runs[0], runs[0]]).Select(r => r.Label).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public void A_run_that_was_killed_or_diverged_has_a_page_that_says_so()
    {
        using var folder = new TemporaryFolder();
        string killed = SampleRun.Write(folder["k"], "kmeans", 0.1, 40, outcome: null), diverged = SampleRun.Write(folder["d"], "gaussian", 0.1, 40, outcome: RunOutcome.Diverged);
        File.AppendAllText(Path.Combine(killed, "metrics.jsonl"), "{\"iteration\":41,\"ki");
        File.AppendAllText(Path.Combine(diverged, "metrics.jsonl"), "{\"iteration\":41,\"kind\":\"train\",\"loss\":null}\n");
        string page = TrainingReport.Render([RunData.Read(killed), RunData.Read(diverged)]);
        Assert.That(page, Does.Contain("not ended: still running, or killed").And.Contain("the last, is cut").And.Contain("1 losses were not finite, first at iteration 41"));
    }

    [Test]
    public void A_run_without_metrics_or_record_has_a_page_too()
    {
        using var folder = new TemporaryFolder();
        File.Delete(Path.Combine(SampleRun.Write(folder["a"], "kmeans", 0.1, 20), "metrics.jsonl"));
        File.Delete(Path.Combine(SampleRun.Write(folder["b"], "kmeans", 0.1, 20), "run.json"));
        string page = TrainingReport.Render([RunData.Read(folder["a"]), RunData.Read(folder["b"])]);
        Assert.That(page, Does.Contain("metrics.jsonl is missing").And.Contain("the folder holds no run").And.Contain("unknown: no record"));
        Assert.That(() => TrainingReport.Render([]), Throws.ArgumentException.With.Message.Contains("no run to report"));
    }

    [Test]
    public void A_hundred_thousand_iterations_make_a_page_of_few_megabytes_at_once()
    {
        using var folder = new TemporaryFolder();
        string run = SampleRun.Write(folder["a"], "kmeans", 0.1, iterations: 100_000);
        var clock = Stopwatch.StartNew();
        string page = TrainingReport.Render([RunData.Read(run)]);
        TestContext.Out.WriteLine($"{page.Length / 1e6:0.0} MB in {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.That(page, Has.Length.LessThan(3_000_000));
        Assert.That(Data(page).GetProperty("runs")[0].GetProperty("curves").EnumerateArray().First(c => c.GetProperty("name").GetString() == "loss").GetProperty("points").GetInt32(), Is.EqualTo(100_000));
    }

    [Test]
    public void Whatever_runs_are_called_the_page_shows_it_as_text()
    {
        using var folder = new TemporaryFolder();
        string page = TrainingReport.Render([RunData.Read(SampleRun.Write(folder["a"], Hostile, 0.1, 40)), RunData.Read(SampleRun.Write(folder["b"], "b", 0.1, 40, isMultiLabel: false))]);
        Assert.That(page, Does.Not.Contain("<img src=x"));
        Assert.That(Regex.Count(page, "<script"), Is.EqualTo(Regex.Count(page, "</script>")));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_browser_draws_every_chart_and_complains_about_nothing(bool isMultiLabel)
    {
        using var folder = new TemporaryFolder();
        string file = folder["report.html"];
        TrainingReport.Write(file, Runs(folder, isMultiLabel));
        Browser.Page page = Browser.Open(file);
        Assert.That(page.Console, Is.Empty);
        Assert.That(page.Dom, Does.Contain("data-charts=\"drawn\""));
        // Loss, two evaluations, rate, speed, waiting, flatness, and two of the layers of each run.
        Assert.That(Charts().Count(page.Dom), Is.EqualTo(11));
        Assert.That(page.Dom, Does.Contain(isMultiLabel ? "precision over recall of aeroplane" : "plane taken for plane"));
    }

    /// <summary>Writes pages for a person to look at, into artifacts/report.</summary>
    [Test, Explicit("writes pages to look at")]
    public void Pages_to_look_at()
    {
        string pages = House.Repository.Path("artifacts/report");
        Directory.CreateDirectory(pages);
        using var folder = new TemporaryFolder();
        TrainingReport.Write(Path.Combine(pages, "training-2.html"), Runs(folder));
        TrainingReport.Write(Path.Combine(pages, "training-1.html"), [RunData.Read(SampleRun.Write(folder["one"], "kmeans", 0.1, 100_000, isMultiLabel: false))]);
        string[] names = ["kmeans", "pca", "gaussian", "xavier", "msra"];
        TrainingReport.Write(Path.Combine(pages, "training-15.html"), [.. names.SelectMany((n, i) => ((ulong[])[1, 2, 3]).Select(s => RunData.Read(SampleRun.Write(folder[$"{n}{s}"], n, 0.05 + 0.15 * i, seed: s))))]);
    }

    private static IReadOnlyList<RunData> Runs(TemporaryFolder folder, bool isMultiLabel = true) =>
        [RunData.Read(SampleRun.Write(folder["g"], "gaussian", 0.4, isMultiLabel: isMultiLabel)), RunData.Read(SampleRun.Write(folder["k"], "kmeans", 0.1, isMultiLabel: isMultiLabel))];

    private static JsonElement Data(string page)
    {
        using JsonDocument document = JsonDocument.Parse(RunDataBlock().Match(page).Groups[1].Value);
        return document.RootElement.Clone();
    }

    [GeneratedRegex("id=\"run-data\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex RunDataBlock();

    [GeneratedRegex("<svg[^>]*class=\"marks\".*?</svg>", RegexOptions.Singleline)]
    private static partial Regex Charts();
}
