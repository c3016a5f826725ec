using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Framework;
using EvenNet.Interop;

namespace EvenNet.Tests.Cli;

/// <summary>Training nets of files, as Caffe's solver files say.</summary>
public sealed class TrainFileTests
{
    private const string Layers = """
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" param { lr_mult: 0 } param { lr_mult: 0 } convolution_param { num_output: 4 kernel_size: 5 stride: 3 } }
        layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
        layer { name: "scores" type: "InnerProduct" bottom: "conv" top: "scores" param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 } inner_product_param { num_output: 10 } }

        """;

    private const string ToTrain = """
        name: "small"
        layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: TRAIN } transform_param { scale: 0.00390625 mirror: false } data_param { source: "none" batch_size: 4 } }
        layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: TEST } transform_param { scale: 0.00390625 } data_param { source: "none" batch_size: 9 } }

        """ + Layers + """
        layer { name: "right" type: "Accuracy" bottom: "scores" bottom: "label" top: "right" include { phase: TEST } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" loss_weight: 0.5 }
        """;

    private const string ToUse = "name: \"small\" input: \"data\" input_dim: [1, 1, 28, 28]\n" + Layers + "layer { name: \"prob\" type: \"Softmax\" bottom: \"scores\" top: \"prob\" }";

    private const string Solver = """
        net: "somewhere/else/net.prototxt"
        type: "Nesterov" base_lr: 0.01 lr_policy: "step" gamma: 0.5 stepsize: 2 momentum: 0.8 weight_decay: 0.002 clip_gradients: 7 iter_size: 2
        max_iter: 3 test_iter: 5 test_interval: 2 snapshot: 1 snapshot_prefix: "a" random_seed: 7 solver_mode: GPU display: 20
        """;

    private TemporaryFolder folder = null!;
    private string idx = null!;

    [SetUp]
    public void MakeFolder()
    {
        folder = new TemporaryFolder();
        idx = TrainingFolders.Idx(folder["idx"]);
        File.WriteAllText(folder["net.prototxt"], ToTrain);
        File.WriteAllText(folder["deploy.prototxt"], ToUse);
        File.WriteAllText(folder["solver.prototxt"], Solver);
    }

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    private string Train(string runs, params string[] options)
    {
        string[] init = options.Contains("--init") ? [] : ["--init", "msra"];
        ToolRun run = ToolRun.Of(["train", "idx", "--idx", idx, .. init, "--init-count", "4", "--runs", folder[runs], .. options]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return RunFiles.Newest(folder[runs])!.Folder;
    }

    private static double[] Losses(string run) => [.. MetricsFile.Read(new RunFiles(run).Metrics).Where(l => l.Kind == "train").Select(l => l["loss"]!.Value)];

    private static float[] Weights(string checkpoint, string name)
    {
        using SafetensorsFile file = Safetensors.Open(checkpoint);
        float[] values = new float[file.Find(name)!.Count];
        file.Read(name, 0, values);
        return values;
    }

    [Test]
    public void A_solver_file_and_its_net_are_the_defaults_of_a_run()
    {
        string run = Train("file", "--solver", folder["solver.prototxt"], "--momentum", "0.7");
        IReadOnlyDictionary<string, string> settings = RunRecord.Read(run).Settings;
        foreach ((string name, string value) in new[]
        {
            ("solver", "nesterov"), ("rate", "0.01"), ("policy", "step"), ("factor", "0.5"), ("step", "2"), ("momentum", "0.7"), ("decay", "0.002"), ("clip", "7"), ("accumulate", "2"),
            ("iterations", "3"), ("eval-every", "2"), ("save-every", "1"), ("keep-every", "1"), ("seed", "7"), ("net", folder["net.prototxt"]), ("batch", "4"), ("scale", "0.00390625"), ("no-mirror", "true"),
        }) Assert.That(settings[name], Is.EqualTo(value), name);

        // Layers whose factors on rates are 0 stay; the others learn.
        string[] kept = [.. Directory.GetFiles(new RunFiles(run).Checkpoints, "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.That(kept, Has.Length.GreaterThanOrEqualTo(3));
        Assert.That(Weights(kept[0], "conv.weight"), Is.EqualTo(Weights(kept[1], "conv.weight")));
        Assert.That(Weights(kept[0], "scores.weight"), Is.Not.EqualTo(Weights(kept[1], "scores.weight")));

        ToolRun resumed = ToolRun.Of("train", "idx", "--resume", run, "--iterations", "5");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        JsonElement judged = ToolRun.Of("eval", "idx", "--idx", idx, "--weights", run, "--json").Json;
        Assert.That(judged.GetProperty("values").GetProperty("top1").GetDouble(), Is.EqualTo(RunRecord.Read(run).Results["test.top1"]));
    }

    // The loss of the file has half the weight of the one that is put on.
    [Test]
    public void A_net_for_use_is_trained_as_the_same_net_with_its_loss()
    {
        string[] line = ["--iterations", "4", "--batch", "4", "--policy", "fixed", "--decay", "0", "--no-mirror"];
        double[] own = Losses(Train("own", [.. line, "--net", folder["net.prototxt"], "--rate", "0.02"])), put = Losses(Train("put", [.. line, "--net", folder["deploy.prototxt"], "--rate", "0.01"]));
        Assert.That(own, Has.Length.EqualTo(4));
        Assert.That(own.Select(l => 2 * l), Is.EqualTo(put).Within(1e-5));
    }

    // The trained net goes to Caffe's format and is judged and trained from there.
    [Test]
    public void Weights_of_caffes_start_a_run_and_are_judged()
    {
        string run = Train("first", "--net", folder["deploy.prototxt"], "--iterations", "3", "--batch", "4"), last = new CheckpointFolder(new RunFiles(run).Checkpoints)["last"];
        Assert.That(ToolRun.Of("convert", last, folder["trained.caffemodel"], "--net", folder["deploy.prototxt"]).ExitCode, Is.Zero);
        JsonElement ours = ToolRun.Of("eval", "idx", "--idx", idx, "--weights", run, "--json").Json, caffes = ToolRun.Of("eval", "idx", "--idx", idx, "--weights", folder["trained.caffemodel"], "--json").Json;
        Assert.That(caffes.GetProperty("values").GetProperty("loss").GetDouble(), Is.EqualTo(ours.GetProperty("values").GetProperty("loss").GetDouble()).Within(1e-6));

        File.WriteAllText(folder["tuned.prototxt"], ToUse.Replace("\"scores\"", "\"tuned\"", StringComparison.Ordinal));
        string tuned = Train("second", "--net", folder["tuned.prototxt"], "--weights", folder["trained.caffemodel"], "--skip", "tuned", "--init", "kmeans", "--iterations", "1", "--batch", "4");
        Assert.That(Weights(new CheckpointFolder(new RunFiles(tuned).Checkpoints)["last"], "conv.weight"), Is.EqualTo(Weights(last, "conv.weight")));
    }

    [Test]
    public void What_does_not_fit_is_told()
    {
        void Refused(string options, int code, params string[] messages) => ToolRun.Of(["train", "idx", "--idx", idx, "--runs", folder["runs"], .. options.Split(' ')]).MustFail(code, messages);
        File.WriteAllText(folder["lost.prototxt"], Solver.Replace("net.prototxt", "gone.prototxt", StringComparison.Ordinal));
        File.WriteAllText(folder["ada.prototxt"], Solver.Replace("Nesterov", "AdaGrad", StringComparison.Ordinal));
        File.WriteAllText(folder["seven.prototxt"], ToUse.Replace("num_output: 10", "num_output: 7", StringComparison.Ordinal));
        File.WriteAllText(folder["pairs.prototxt"], ToUse.Replace("layer { name: \"prob\" type: \"Softmax\" bottom: \"scores\"", "layer { name: \"l\" type: \"EuclideanLoss\" bottom: \"scores\" bottom: \"scores\"", StringComparison.Ordinal));
        File.WriteAllText(folder["colour.prototxt"], ToUse.Replace("1, 1, 28", "1, 3, 28", StringComparison.Ordinal));
        Refused($"--solver {folder["lost.prototxt"]}", ExitCode.Data, "lost.prototxt names somewhere/else/gone.prototxt, which is neither here nor beside it", "--net FILE");
        Refused($"--solver {folder["ada.prototxt"]}", ExitCode.Data, "the solver AdaGrad is not supported");
        Refused($"--solver {folder["none.prototxt"]}", ExitCode.Data, "none.prototxt");
        Refused($"--net {folder["seven.prototxt"]}", ExitCode.Usage, "has 7 classes, not 10");
        Refused($"--net {folder["pairs.prototxt"]}", ExitCode.Data, "its loss l (EuclideanLoss) does not judge classes");
        Refused($"--net {folder["gone.prototxt"]}", ExitCode.Data, "gone.prototxt");
        Refused($"--net {folder["colour.prototxt"]}", ExitCode.Usage, "3×28×28");
        Refused("--net lenett", ExitCode.Usage, "--net: there is no lenett; did you mean lenet?");
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
    }
}
