using EvenNet.Cli;
using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

/// <summary>Grids of trainings: what comes with the tool, what is run and what is not, and the tables.</summary>
public sealed class MatrixTests
{
    private const string Small = """
        {
          "name": "small", "title": "Two nets from two seeds", "data": "cifar10",
          "settings": { "iterations": "20", "init": "msra", "batch": "10", "policy": "step", "step": "10", "eval-every": "0" },
          "axes": [
            { "name": "net", "place": "rows", "values": { "quick": { "net": "cifar10_quick" }, "explodes": { "net": "cifar10_quick", "rate": "1000000" } } },
            { "name": "seed", "place": "runs", "values": { "1": { "seed": "1" }, "2": { "seed": "2" } } }
          ],
          "measures": ["loss", "test.top1"]
        }
        """;

    private TemporaryFolder folder = null!;

    private static IReadOnlyList<string> Shipped => Grid.Shipped;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [TestCaseSource(nameof(Shipped))]
    public void Every_combination_of_a_grid_that_comes_with_the_tool_is_a_command_line(string name)
    {
        Grid grid = Grid.Open(name);
        var verb = new TrainKindVerb(TrainingKind.All.Single(k => k.Name == grid.Data));
        Assert.That(grid.Cells().Count(), Is.EqualTo(grid.Axes.Aggregate(1, (n, axis) => n * axis.Values.Count)));
        foreach (GridCell cell in grid.Cells())
        {
            Dictionary<string, string> settings = verb.Complete(new(cell.Settings) { [grid.Data] = folder.Path }, scale: 0.01);
            Assert.That(settings["iterations"], Is.EqualTo((int.Parse(cell.Settings["iterations"]) / 100).ToString()), cell.Title);
        }
        ToolRun printed = ToolRun.Of("matrix", name, "--data", folder["none"], "--runs", folder["runs"], "--print");
        Assert.That(printed.ExitCode, Is.Zero, printed.Error);
        Assert.That(printed.Output.Split('\n').Count(line => line.Contains("not begun", StringComparison.Ordinal)), Is.EqualTo(grid.Cells().Count()));
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
    }

    [Test]
    public void Runs_are_made_once_scaled_and_averaged_and_a_diverged_one_is_a_result()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]), grid = folder["small.json"];
        File.WriteAllText(grid, Small);
        string[] line = ["matrix", grid, "--data", cifar, "--runs", folder["runs"], "--scale", "0.1", "--out", folder["table.md"]];
        ToolRun first = ToolRun.Of([.. line, "--only", "1"]);
        Assert.That(first.ExitCode, Is.Zero, first.Error);
        Assert.That(first.Error, Does.Contain("2 runs, 0 done").And.Contain("not a number"));
        Assert.That(File.ReadAllText(folder["table.md"]), Does.Contain("2 of 4 runs are done").And.Contain("--scale 0.1 --only 1"));

        RunRecord record = RunRecord.Read(Path.Combine(folder["runs"], "small", "quick-1"));
        Assert.That((record.Settings["iterations"], record.Settings["step"], record.Settings["batch"]), Is.EqualTo(("2", "1", "10")));
        ToolRun all = ToolRun.Of(line);
        Assert.That(all.ExitCode, Is.Zero, all.Error);
        Assert.That(all.Error, Does.Contain("4 runs, 2 done").And.Contain("1 of 2: quick, 2").And.Not.Contain("quick, 1"));
        double[] losses = [.. new[] { 1, 2 }.Select(seed => RunRecord.Read(Path.Combine(folder["runs"], "small", $"quick-{seed}")).Results["loss"])];
        string table = File.ReadAllText(folder["table.md"]);
        string mean = losses.Average().ToString("F3", System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(table, Does.Contain("4 of 4 runs are done").And.Contain("means over seed").And.Contain($"| quick | {mean} ± ").And.Contain("2 of 2 diverged"));
        Assert.That(File.Exists(Path.Combine(folder["runs"], "small", RunFolder.HtmlName)));
        ToolRun again = ToolRun.Of(line);
        Assert.That(again.Error, Does.Contain("4 runs, 4 done").And.Not.Contain("of 2:"));
        Assert.That(File.ReadAllText(folder["table.md"]), Is.EqualTo(table));

        File.WriteAllText(grid, Small.Replace("\"batch\": \"10\"", "\"batch\": \"5\"", StringComparison.Ordinal));
        ToolRun.Of(line).MustFail(ExitCode.Usage, "quick-1 was made with --batch 10, the grid now says 5", "--runs DIR");
    }

    [Test]
    public void A_wrong_grid_or_wrong_data_is_told_and_leaves_nothing()
    {
        void Fails(string text, int code, params string[] messages)
        {
            File.WriteAllText(folder["g.json"], text);
            ToolRun.Of("matrix", folder["g.json"], "--data", folder["none"], "--runs", folder["runs"]).MustFail(code, messages);
            Assert.That(Directory.Exists(folder["runs"]) && Directory.EnumerateFiles(folder["runs"], "*", SearchOption.AllDirectories).Any(), Is.False);
        }
        ToolRun.Of("matrix", "tabel2", "--data", folder["none"]).MustFail(ExitCode.Data, "did you mean table2?");
        ToolRun.Of("matrix", "table2", "--data", folder["none"], "--only", "kmeans").MustFail(ExitCode.Usage, "--only kmeans: no axis has such a value", "k-means");
        Fails("{", ExitCode.Data, "g.json is no grid");
        Fails(Small.Replace("\"cifar10\"", "\"cifar\"", StringComparison.Ordinal), ExitCode.Data, "data is cifar; there are");
        Fails(Small.Replace("\"batch\"", "\"batches\"", StringComparison.Ordinal), ExitCode.Usage, "train cifar10 has no option --batches; did you mean --batch?");
        Fails(Small.Replace("\"rows\"", "\"row\"", StringComparison.Ordinal), ExitCode.Data, "the axis net has the place row");
        Fails(Small, ExitCode.Data, folder["none"]);
    }
}
