using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Tests;

public sealed class RunDataTests
{
    [Test]
    public void A_run_is_read_with_its_curves_its_record_and_its_evaluation()
    {
        using var folder = new TemporaryFolder();
        RunData run = RunData.Read(SampleRun.Write(folder["a"], "kmeans", 0.1));
        Assert.That((run.Name, run.Problems, run.Record!.Seed, run.Evaluation!.Iteration), Is.EqualTo(("kmeans", Array.Empty<string>(), 1UL, (int?)400)));
        Assert.That(run.Curve("train", "loss")!.Values, Has.Count.EqualTo(400));
        Assert.That(run.Curve("test", "map")!.Iterations, Is.EqualTo(Enumerable.Range(1, 10).Select(i => 40.0 * i)));
        Assert.That(run.Curve("rates", "conv1.rate"), Is.Not.Null);
        Assert.That(run.Curve("train", "map"), Is.Null);
    }

    [Test]
    public void What_was_judged_with_more_views_is_a_curve_of_its_own()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["metrics.jsonl"], """
            {"iteration":20,"kind":"test","map":0.25}
            {"iteration":20,"kind":"test","map":0.5,"views":10}

            """);
        RunData run = RunData.Read(folder.Path);
        Assert.That(run.Curve("test", "map")!.Values, Is.EqualTo(new[] { 0.25 }));
        Assert.That(run.Curve("test, 10 views", "map")!.Values, Is.EqualTo(new[] { 0.5 }));
    }

    // As kill -9 leaves it: the last line cut at any byte, no end in the record.
    [Test]
    public void A_killed_run_is_read_up_to_its_last_whole_line()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(SampleRun.Write(folder["a"], "kmeans", 0.1, iterations: 20, hasRates: false, outcome: null), "metrics.jsonl");
        byte[] whole = File.ReadAllBytes(path);
        int last = Array.LastIndexOf(whole, (byte)'\n', whole.Length - 2) + 1;
        for (int length = last + 1; length < whole.Length - 1; length += 5)
        {
            File.WriteAllBytes(path, whole[..length]);
            RunData run = RunData.Read(folder["a"]);
            Assert.That(run.Problems.Single(), Does.StartWith(path).And.Contains("line 30, the last, is cut"), $"{length} bytes");
            Assert.That(run.Curve("train", "loss")!.Values, Has.Count.EqualTo(20));
        }
    }

    [Test]
    public void Broken_parts_are_named_and_the_others_read()
    {
        using var folder = new TemporaryFolder();
        SampleRun.Write(folder["a"], "kmeans", 0.1, iterations: 20, hasRates: false);
        string[] lines = File.ReadAllLines(Path.Combine(folder["a"], "metrics.jsonl"));
        (lines[2], lines[6]) = ("what?", "{}");
        File.WriteAllLines(Path.Combine(folder["a"], "metrics.jsonl"), lines);
        File.WriteAllText(Path.Combine(folder["a"], "run.json"), "{");
        File.WriteAllText(Path.Combine(folder["a"], "evaluation.json"), "[]");
        RunData run = RunData.Read(folder["a"]);
        Assert.That(run.Problems, Has.Count.EqualTo(4));
        Assert.That(string.Join('\n', run.Problems), Does.Contain("run.json: is no record of a run").And.Contain("line 3 is no line of metrics").And.Contain("line 7 is no line of metrics: it has no iteration").And.Contain("evaluation.json: is no record of an evaluation"));
        Assert.That((run.Name, run.Record, run.Curves.Count > 0), Is.EqualTo(("a", (RunRecord?)null, true)));
    }

    [Test]
    public void A_folder_that_is_no_run_says_what_is_missing_and_where_runs_are()
    {
        using var folder = new TemporaryFolder();
        SampleRun.Write(Path.Combine(folder["runs"], "b"), "kmeans", 0.1, iterations: 20);
        Directory.CreateDirectory(Path.Combine(folder["runs"], "c"));
        Assert.That(() => RunData.Read(folder["runs"]), Throws.TypeOf<RunFileException>().With.Message.EqualTo(
            $"{folder["runs"]}: holds no run: neither run.json nor metrics.jsonl is in it; runs are {Path.Combine(folder["runs"], "b")}"));
        Assert.That(() => RunData.Read(Path.Combine(folder["runs"], "c")), Throws.TypeOf<RunFileException>().With.Message.Contains("no folder in it looks like one either"));
        Assert.That(() => RunData.Read(folder["none"]), Throws.TypeOf<RunFileException>().With.Message.Contains("there is no such folder"));
    }

    [Test]
    public void A_smooth_curve_follows_the_mean_of_a_noisy_one_to_its_ends()
    {
        var random = new System.Random(2);
        double[] x = [.. Enumerable.Range(1, 2000).Select(i => (double)i)], truth = [.. x.Select(i => 10 - i / 400)];
        double[] noisy = [.. truth.Select(v => v + 2 * random.NextDouble() - 1)];
        noisy[700] = double.NaN;
        RunCurve smooth = new RunCurve("train", "loss", x, noisy).Smooth();
        Assert.That(smooth.Values.Zip(truth).Max(p => Math.Abs(p.First - p.Second)), Is.LessThan(0.3));
        Assert.That((smooth.At(0.5), smooth.At(2000), smooth.At(3000)), Is.EqualTo(((double?)null, (double?)smooth.Values[^1], (double?)null)));
        // A line stays itself wherever the reach is as long on both sides.
        RunCurve line = new RunCurve("train", "loss", x, truth).Smooth();
        Assert.That(line.Values[1000], Is.EqualTo(truth[1000]).Within(1e-12));
    }
}
