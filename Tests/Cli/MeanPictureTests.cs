using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Framework;
using EvenNet.Interop;

namespace EvenNet.Tests.Cli;

/// <summary>--mean FILE: a mean picture is subtracted pixel by pixel.</summary>
public sealed class MeanPictureTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    private static MeanImage Slope(int side, int channels = 3) => new(new Shape(channels, side, side), [.. Enumerable.Range(0, channels * side * side).Select(i => i % 97 + i / (side * side))]);

    [Test]
    public void The_middle_of_it_is_subtracted_from_the_middle_of_the_picture()
    {
        MeanImage mean = Slope(10);
        var picture = new Image(12, 14, [.. Enumerable.Range(0, 12 * 14 * 3).Select(i => (byte)(i * 7 % 256))]);
        var transform = new ImageTransform(6, 6) { Fit = ImageFit.Crop, ResizeTo = 0, Mean = default };
        float[] plain = new float[108], centred = new float[108];
        transform.Apply(picture, plain);
        (transform with { MeanImage = mean, Scale = 0.5f }).Apply(picture, centred);
        for (int i = 0; i < plain.Length; i++)
        {
            int c = i / 36, y = i / 6 % 6 + 2, x = i % 6 + 2;
            Assert.That(centred[i], Is.EqualTo((plain[i] - mean.Values[(c * 10 + y) * 10 + x]) * 0.5f), $"{i}");
        }
        Assert.That((transform with { MeanImage = Slope(5) }).Problem, Does.Contain("5×5 pixels, less than the 6×6 of the input"));
        Assert.That((transform with { MeanImage = mean, Fit = ImageFit.Warp }).Problem, Does.Contain("10×10").And.Contain("6×6"));
        Assert.That(mean.Reversed().Reversed().Values.ToArray(), Is.EqualTo(mean.Values.ToArray()));
        Assert.That(mean.Reversed().Values[..100].ToArray(), Is.EqualTo(mean.Values[200..].ToArray()));
    }

    // Caffe's nets for CIFAR, whose scores were recorded with the mean picture: to the last digit but for rounding, which the means of channels do not reach.
    [Test]
    public void Classify_gets_the_recorded_scores_of_cifars_net()
    {
        string Quick(string file) => SharedData.Require("data", "caffemodels", "cifar10_quick", file);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("data", "caffemodels", "reference", "expected.json")));
        JsonElement[] cases = [.. expected.RootElement.GetProperty("cifar10_quick").GetProperty("cases").EnumerateArray()];
        byte[] records = File.ReadAllBytes(SharedData.Require("data", "cifar10", "test_batch.bin"));
        string[] files = [.. cases.Select((_, k) => folder[$"{k}.png"])];
        for (int k = 0; k < files.Length; k++)
        {
            int start = cases[k].GetProperty("record").GetInt32() * 3073 + 1;
            PngWriter.Write(files[k], new Image(32, 32, [.. Enumerable.Range(0, 3072).Select(i => records[start + (2 - i % 3) * 1024 + i / 3])]));
        }
        // The scores, below the softmax.
        File.WriteAllText(folder["scores.prototxt"], string.Join('\n', File.ReadLines(Quick("cifar10_quick.prototxt"))).Replace("type: \"Softmax\"", "type: \"Power\"", StringComparison.Ordinal));
        JsonElement result = ToolRun.Of(["classify", folder["scores.prototxt"], "--weights", Quick("cifar10_quick_iter_5000.caffemodel"), "--mean", Quick("mean.binaryproto"), "--red-first", "--json", .. files]).Json;
        foreach ((JsonElement recorded, JsonElement picture) in cases.Zip(result.EnumerateArray()))
        {
            double[] scores = [.. recorded.GetProperty("scores").EnumerateArray().Select(s => s.GetDouble())];
            foreach (JsonElement top in picture.GetProperty("top").EnumerateArray())
                Assert.That(top.GetProperty("score").GetDouble(), Is.EqualTo(scores[top.GetProperty("index").GetInt32()]).Within(1e-3));
        }
    }

    [Test]
    public void Every_command_that_reads_pictures_takes_it_and_names_a_size_that_does_not_fit()
    {
        string pictures = PictureFolder.Make(folder["pictures"], 3, width: 140, height: 130, seed: 1), cifar = TrainingFolders.Cifar(folder["cifar"]);
        foreach (int side in (int[])[32, 100, 113, 128]) CaffeMeanFile.Write(Slope(side), folder[$"{side}.binaryproto"]);
        string[] init = ["init", "caffenet-mini", "--method", "msra", "--images", pictures, "--count", "2", "--no-elements"];
        ToolRun.Of([.. init, "--mean", folder["100.binaryproto"]]).MustFail(ExitCode.Usage, "the mean picture is 100×100 pixels, less than the 113×113 of the input", "--mean 4");
        ToolRun.Of([.. init, "--mean", folder["128.binaryproto"]]).MustFail(ExitCode.Usage, "128×128 pixels, but whole pictures are warped to 113×113");
        ToolRun.Of([.. init, "--mean", folder["none.binaryproto"]]).MustFail(ExitCode.Data, "none.binaryproto");
        ToolRun.Of([.. init, "--mean", "104,117"]).MustFail(ExitCode.Usage, "--mean takes three numbers, blue,green,red (104,117,123), or a mean picture (.binaryproto), got 104,117");
        foreach (string[] fit in (string[][])[["--mean", folder["128.binaryproto"], "--crop"], ["--mean", folder["113.binaryproto"]]])
        {
            ToolRun run = ToolRun.Of([.. init, .. fit, "--out", folder["w.safetensors"], "--no-report"]);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            Assert.That(ToolRun.Of(["diagnose", "caffenet-mini", "--weights", folder["w.safetensors"], "--images", pictures, "--count", "2", "--no-elements", .. fit]).ExitCode, Is.Zero);
        }
        string[] train = ["train", "cifar10", "--cifar10", cifar, "--iterations", "1", "--batch", "5", "--init", "msra", "--init-count", "5", "--runs", folder["runs"]];
        ToolRun.Of([.. train, "--mean", folder["100.binaryproto"]]).MustFail(ExitCode.Data, "the mean picture is 100×100 pixels, this one");
        ToolRun trained = ToolRun.Of([.. train, "--mean", folder["32.binaryproto"]]);
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        string made = RunFiles.Newest(folder["runs"])!.Folder;
        Assert.That(RunRecord.Read(made).Settings["mean"], Is.EqualTo(folder["32.binaryproto"]));
        Assert.That(ToolRun.Of("eval", "cifar10", "--cifar10", cifar, "--weights", made).ExitCode, Is.Zero);
        JpegTests.Require().Dispose();
        ToolRun.Of("train", "voc", "--voc", TrainingFolders.Voc(folder["voc"]), "--net", "cifar10_quick", "--mean", folder["32.binaryproto"], "--runs", folder["runs"])
            .MustFail(ExitCode.Usage, "cannot go with a cut at any scale: use mean values", "--mean 4");
    }
}
