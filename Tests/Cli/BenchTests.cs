using System.Text.Json;
using EvenNet.Cli;

namespace EvenNet.Tests.Cli;

/// <summary>The measurements run, count what they should, and agree with themselves; how fast the machine is, is nobody's business here.</summary>
[NonParallelizable]
public sealed class BenchTests
{
    private static readonly string[] Short = ["--repetitions", "2", "--seconds", "0"];

    [Test]
    public void A_nets_document_holds_its_passes_its_memory_and_every_kernel()
    {
        JsonElement r = ToolRun.Of(["bench", "net", "caffenet-mini", "--batch", "2", "--threads", "2", "--json", .. Short]).Json;
        Assert.That(r.GetProperty("net").GetString(), Is.EqualTo("caffenet-mini"));
        Assert.That((r.GetProperty("batch").GetInt32(), r.GetProperty("threads").GetInt32()), Is.EqualTo((2, 2)));
        JsonElement summary = ToolRun.Of("summary", "caffenet-mini", "--json").Json;
        Assert.That(r.GetProperty("parameters").GetInt64(), Is.EqualTo(summary.GetProperty("parameters").GetInt64()));
        double peak = r.GetProperty("limits").GetProperty("gflops").GetDouble(), operations = 2 * 2 * summary.GetProperty("multiplyAdds").GetDouble();
        foreach (string pass in (string[])["forward", "trainStep"])
        {
            JsonElement p = r.GetProperty(pass);
            double seconds = p.GetProperty("milliseconds").GetDouble() / 1e3, gflops = p.GetProperty("gflops").GetDouble();
            Assert.That(p.GetProperty("imagesPerSecond").GetDouble(), Is.EqualTo(2 / seconds).Within(1e-6).Percent);
            Assert.That(p.GetProperty("peakShare").GetDouble(), Is.EqualTo(gflops / peak).Within(1e-6).Percent);
            Assert.That(p.GetProperty("bestMilliseconds").GetDouble(), Is.InRange(0, 1e3 * seconds));
            Assert.That(p.GetProperty("repetitions").GetInt32(), Is.EqualTo(2));
            // Forward: all multiply-adds. A step: three times those, but for the first layer's input gradient.
            if (pass == "forward") Assert.That(gflops * seconds * 1e9, Is.EqualTo(operations).Within(1e-6).Percent);
            else Assert.That(gflops * seconds * 1e9, Is.InRange(2 * operations, 3 * operations));
        }
        Assert.That(r.GetProperty("peakBytes").GetInt64(), Is.GreaterThan(r.GetProperty("planBytes").GetInt64()));

        JsonElement[] layers = [.. r.GetProperty("layers").EnumerateArray()];
        Assert.That(layers.Select(l => l.GetProperty("pass").GetString()).Distinct(), Is.EqualTo(new[] { "forward", "backward", "update" }));
        Assert.That(layers.Sum(l => l.GetProperty("stepShare").GetDouble()), Is.EqualTo(1).Within(1e-9));
        foreach (JsonElement l in layers)
        {
            double share = l.GetProperty("boundMilliseconds").GetDouble() / l.GetProperty("milliseconds").GetDouble();
            Assert.That(l.GetProperty("boundShare").GetDouble(), Is.EqualTo(share).Within(1e-6).Percent);
            Assert.That(l.GetProperty("isSlow").GetBoolean(), Is.EqualTo(l.GetProperty("stepShare").GetDouble() > 0.02 && share < 0.6));
        }
        JsonElement conv1 = layers.Single(l => l.GetProperty("name").GetString() == "conv1" && l.GetProperty("pass").GetString() == "forward");
        Assert.That(conv1.GetProperty("kernel").GetString(), Does.StartWith("cpu.").And.EndWith("+relu"));
        Assert.That(layers.Select(l => l.GetProperty("kernel").GetString()), Does.Contain("sgd").And.None.StartsWith("reference"));
    }

    [Test]
    public void Several_batches_are_one_document_and_one_table()
    {
        JsonElement r = ToolRun.Of(["bench", "net", "caffenet-mini", "--batch", "1", "2", "--threads", "1", "--json", .. Short]).Json;
        Assert.That(r.GetProperty("results").EnumerateArray().Select(x => x.GetProperty("batch").GetInt32()), Is.EqualTo(new[] { 1, 2 }));
        ToolRun table = ToolRun.Of(["bench", "net", "caffenet-mini", "--batch", "1", "2", "--threads", "1", "--layers", .. Short]);
        Assert.That(table.ExitCode, Is.Zero, table.Error);
        Assert.That(table.Output, Does.Match(@"caffenet-mini\s+1\s+1 ").And.Match(@"caffenet-mini\s+2\s+1 ").And.Match(@"machine\s+1 thread: \d+ GFLOP/s"));
        Assert.That(table.Output, Does.Match(@"conv1\s+cpu\.\S+\+relu\s").And.Match(@"update\s+sgd\s").And.Contain("of bound"));
    }

    [Test]
    public void The_reference_has_no_peak_to_be_compared_with()
    {
        JsonElement r = ToolRun.Of(["bench", "net", "caffenet-mini", "--batch", "1", "--device", "reference", "--json", "--repetitions", "1", "--seconds", "0"]).Json;
        Assert.That(r.GetProperty("limits").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(r.GetProperty("forward").GetProperty("peakShare").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(r.GetProperty("forward").GetProperty("gflops").GetDouble(), Is.Positive);
        Assert.That(r.GetProperty("layers")[0].GetProperty("isSlow").GetBoolean(), Is.False);
    }

    [Test]
    public void A_batch_that_memory_cannot_hold_is_told_before_the_work() =>
        ToolRun.Of("bench", "net", "vgg16", "--batch", "20000").MustFail(ExitCode.OutOfMemory, "training on 20000 images at a time needs about", "--batch");

    [Test]
    public void Layers_are_measured_pass_by_pass_with_one_thread_and_with_all()
    {
        JsonElement r = ToolRun.Of(["bench", "kernels", "--filter", "inception_4a", "--threads", "2", "--json", .. Short]).Json;
        Assert.That(r.GetProperty("limits").EnumerateArray().Select(l => l.GetProperty("threads").GetInt32()), Is.EqualTo(new[] { 1, 2 }));
        JsonElement[] kernels = [.. r.GetProperty("kernels").EnumerateArray()];
        string Line(JsonElement k) => $"{k.GetProperty("layer").GetString()} {k.GetProperty("pass").GetString()} {k.GetProperty("threads").GetInt32()}";
        Assert.That(kernels.Select(Line), Is.EqualTo(new[]
        {
            "inception_4a/1x1 forward 1", "inception_4a/1x1 backward-data 1", "inception_4a/1x1 backward-weights 1", "inception_4a/pool forward 1", "inception_4a/pool backward 1",
            "inception_4a/1x1 forward 2", "inception_4a/1x1 backward-data 2", "inception_4a/1x1 backward-weights 2", "inception_4a/pool forward 2", "inception_4a/pool backward 2",
        }));
        foreach (JsonElement k in kernels)
        {
            bool isConvolution = k.GetProperty("layer").GetString() == "inception_4a/1x1";
            // 8 images, 192 outputs of 480 products at 196 places.
            double operations = k.GetProperty("gflops").GetDouble() * 1e9 * k.GetProperty("milliseconds").GetDouble() / 1e3;
            Assert.That(operations, Is.EqualTo(isConvolution ? 2.0 * 8 * 192 * 480 * 196 : 0).Within(1e-6).Percent);
            Assert.That(k.GetProperty("boundShare").GetDouble(), Is.Positive);
            Assert.That(k.GetProperty("kernel").GetString(), Does.StartWith("cpu."));
        }
    }

    [Test]
    public void First_layers_have_no_input_gradient()
    {
        ToolRun run = ToolRun.Of(["bench", "kernels", "--filter", "vgg16 conv1_1", "--threads", "1", .. Short]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("backward-weights").And.Not.Contain("backward-data").And.Match(@"machine\s+1 thread: "));
    }

    [Test]
    public void An_initialization_is_timed_stage_by_stage_on_random_pictures()
    {
        JsonElement r = ToolRun.Of("bench", "init", "caffenet-mini", "--method", "gaussian", "--count", "8", "--repetitions", "2", "--json").Json;
        Assert.That((r.GetProperty("images").GetInt32(), r.GetProperty("repetitions").GetInt32()), Is.EqualTo((8, 2)));
        Assert.That(r.GetProperty("timings").EnumerateArray().Select(t => t.GetProperty("name").GetString()), Is.EqualTo(new[] { "weights", "rescaling", "measuring" }));
        Assert.That(r.GetProperty("bestSeconds").GetDouble(), Is.InRange(0, r.GetProperty("seconds").GetDouble()));
        Assert.That(r.GetProperty("flatness").GetDouble(), Is.InRange(1, 3));
        Assert.That(r.GetProperty("peakBytes").GetInt64(), Is.GreaterThan(1_000_000));
    }

    [Test]
    public void An_initialization_takes_a_folder_of_pictures_too()
    {
        using var folder = new TemporaryFolder();
        ToolRun run = ToolRun.Of("bench", "init", "caffenet-mini", "--method", "gaussian", "--images", PictureFolder.Make(folder["images"], 4), "--count", "4");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("4 of 4 in").And.Match(@"all\s+\d"));
        ToolRun.Of("bench", "init", "caffenet-mini", "--images", folder["none"]).MustFail(ExitCode.Data, "There is no folder");
    }

    [Test]
    public void Loading_is_measured_for_each_number_of_workers_beside_training()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])["cat", "dog"]) PictureFolder.Make(folder[$"data/{name}"], 3);
        JsonElement r = ToolRun.Of("bench", "data", "--folder", folder["data"], "--net", "caffenet-mini", "--workers", "1", "2", "--batch", "2", "--seconds", "0.2", "--json").Json;
        Assert.That((r.GetProperty("samples").GetInt32(), r.GetProperty("batch").GetInt32(), r.GetProperty("net").GetString()), Is.EqualTo((6, 2, "caffenet-mini")));
        JsonElement[] loading = [.. r.GetProperty("loading").EnumerateArray()];
        Assert.That(loading.Select(l => l.GetProperty("workers").GetInt32()), Is.EqualTo(new[] { 1, 2 }));
        double training = r.GetProperty("trainingImagesPerSecond").GetDouble();
        foreach (JsonElement l in loading)
        {
            Assert.That(l.GetProperty("imagesPerSecond").GetDouble(), Is.Positive);
            Assert.That(l.GetProperty("trainingRatio").GetDouble(), Is.EqualTo(l.GetProperty("imagesPerSecond").GetDouble() / training).Within(1e-9).Percent);
        }
        ToolRun table = ToolRun.Of("bench", "data", "--folder", folder["data"], "--net", "caffenet-mini", "--workers", "1", "--seconds", "0.1", "--loading-only");
        Assert.That(table.ExitCode, Is.Zero, table.Error);
        Assert.That(table.Output, Does.Contain("all, 6 samples, inputs of 3×").And.Match(@"\n1\s+\d+ .*-\n").And.Not.Contain("takes"));
        ToolRun.Of("bench", "data", "--folder", folder["dtaa"]).MustFail(ExitCode.Data, $"There is no folder {folder["dtaa"]}. Did you mean {folder["data"]}?");
        ToolRun.Of("bench", "data", "--voc", folder["data"], "--loading-only").MustFail(ExitCode.Data, "No VOC data in");
    }

    [Test]
    public void Interrupted_it_stops()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        ToolRun.Of(stop.Token, "bench", "net", "caffenet-mini", "--batch", "1").MustFail(ExitCode.Interrupted, "interrupted");
    }

    [Test]
    public void Medians_and_quartiles_are_those_of_the_definition()
    {
        var measured = new Repetitions([5, 1, 4, 2, 3]);
        Assert.That((measured.Median, measured.Best, measured.Spread), Is.EqualTo((3.0, 1.0, 2.0 / 3)));
        Assert.That(Repetitions.MedianOf([1, 2]), Is.EqualTo(1.5));
    }

    [Test]
    public void Blocks_are_long_enough_and_as_many_as_asked([Values(1, 5, 7)] int count)
    {
        int runs = 0, told = 0;
        Repetitions measured = Repetitions.Of(() => { runs++; return 0.5; }, count, limitSeconds: 0, done => told = done, CancellationToken.None);
        Assert.That(measured.Seconds, Has.Count.EqualTo(Math.Min(count, Repetitions.Least)), "no time was given for more than the least");
        Assert.That((measured.Median, told), Is.EqualTo((0.5, measured.Seconds.Count)));
        Assert.That(runs, Is.GreaterThan(measured.Seconds.Count), "some runs warm up");
        int quick = 0;
        Repetitions.Of(() => { quick++; return 0.01; }, 1, 0, _ => { }, CancellationToken.None);
        Assert.That(quick, Is.GreaterThanOrEqualTo(20), "a block of 0.2 s");
    }
}
