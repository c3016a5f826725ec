using System.Text.Json;

namespace EvenNet.Tests.Cli;

public sealed class DemoTests
{
    [Test]
    public void Three_initializations_are_compared_and_the_paper_s_learns_first()
    {
        using var folder = new TemporaryFolder();
        JsonElement demo = ToolRun.Of("demo", "--quick", "--out", folder["demo"], "--json").Json;
        JsonElement[] runs = [.. demo.GetProperty("runs").EnumerateArray()];
        Assert.That(runs.Select(r => r.GetProperty("name").GetString()), Is.EqualTo(new[] { "gaussian 0.01", "xavier", "kmeans + scaling" }));
        double[] flatness = [.. runs.Select(r => r.GetProperty("flatness").GetDouble())], losses = [.. runs.Select(r => r.GetProperty("finalLoss").GetDouble())];
        Assert.That(flatness[2], Is.LessThan(1.25));
        Assert.That(flatness[0], Is.GreaterThan(3));
        Assert.That(flatness[1], Is.GreaterThan(3));
        Assert.That(runs[2].GetProperty("functionChange").GetDouble(), Is.LessThan(1e-3));
        // ln 16 = 2.77 is chance; without the initialization the net has not begun to learn by now.
        Assert.That(losses[2], Is.LessThan(1.5));
        Assert.That(losses[0], Is.EqualTo(Math.Log(16)).Within(0.02));
        Assert.That(losses[2], Is.LessThan(losses[1]));
        Assert.That(runs[2].GetProperty("losses").GetArrayLength(), Is.EqualTo(30));
        Assert.That(Directory.GetFiles(folder["demo"]).Select(Path.GetFileName), Is.EquivalentTo(new[]
        {
            "run.json", "report.html", "init-report.json", "filters-conv1-gaussian-0.01.png", "filters-conv1-xavier.png", "filters-conv1-kmeans-scaling.png",
        }));
        Assert.That(ToolRun.Of("report", folder["demo"], "-o", folder["again.html"]).ExitCode, Is.Zero, "the folder can be read again");
    }
}
