using EvenNet.Cli;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests.Cli;

public sealed class ConvertTests
{
    private const float Factor = 0.25f;

    // LeNet with random weights and a scale in its first layer.
    private static void Save(string path)
    {
        using Backend backend = Backends.Open("cpu");
        using var parameters = new ParameterSet(Nets.Find("lenet").Graph(), backend);
        InitMethods.BlindInit("xavier", fills: null).Apply(parameters, seed: 3);
        parameters["conv1.bias"].Fill(2);
        parameters["conv1.scale"].Fill(Factor);
        Checkpoint.Save(parameters, path);
    }

    private static float[] Read(string path, string tensor)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        var values = new float[file.Find(tensor)!.Count];
        file.Read(tensor, 0, values);
        return values;
    }

    [Test]
    public void Every_tensor_arrives_as_it_was()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.safetensors"]);
        ToolRun run = ToolRun.Of("convert", folder["a.safetensors"], folder["b.safetensors"], "--net", "lenet", "--strict", "--json");
        Assert.That(run.Json.GetProperty("loaded").GetArrayLength(), Is.EqualTo(9));
        foreach (string tensor in (string[])["conv1.weight", "conv1.bias", "conv1.scale", "ip2.weight"])
            Assert.That(Read(folder["b.safetensors"], tensor), Is.EqualTo(Read(folder["a.safetensors"], tensor)), tensor);
        // What was written says whose it is.
        Assert.That(ToolRun.Of("convert", folder["b.safetensors"], folder["c.safetensors"]).ExitCode, Is.Zero);
    }

    [Test]
    public void Folding_multiplies_the_scale_into_weights_and_biases()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.safetensors"]);
        Assert.That(ToolRun.Of("convert", folder["a.safetensors"], folder["b.safetensors"], "--net", "lenet", "--fold-scale").ExitCode, Is.Zero);
        Assert.That(Read(folder["b.safetensors"], "conv1.weight"), Is.EqualTo(Read(folder["a.safetensors"], "conv1.weight").Select(w => w * Factor)));
        Assert.That(Read(folder["b.safetensors"], "conv1.bias"), Is.All.EqualTo(2 * Factor));
        using SafetensorsFile file = Safetensors.Open(folder["b.safetensors"]);
        Assert.That(file.Find("conv1.scale"), Is.Null);
    }

    [Test]
    public void A_net_goes_to_onnx_and_back_with_its_scale_in_the_weights()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.safetensors"]);
        Assert.That(ToolRun.Of("convert", folder["a.safetensors"], folder["net.onnx"], "--net", "lenet").ExitCode, Is.Zero);
        ToolRun back = ToolRun.Of("convert", folder["net.onnx"], folder["b.safetensors"], "--strict", "--json");
        Assert.That(back.Json.GetProperty("loaded").GetArrayLength(), Is.EqualTo(8));
        Assert.That(Read(folder["b.safetensors"], "conv1.weight"), Is.EqualTo(Read(folder["a.safetensors"], "conv1.weight").Select(w => w * Factor)));
        Assert.That(Read(folder["b.safetensors"], "ip2.weight"), Is.EqualTo(Read(folder["a.safetensors"], "ip2.weight")));
        // The weights alone, into a net that is named.
        Assert.That(ToolRun.Of("convert", folder["net.onnx"], folder["c.safetensors"], "--net", "lenet", "--strict").ExitCode, Is.Zero);
    }

    [Test]
    public void Weights_go_to_numpy_and_to_PyTorch_and_back()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.safetensors"]);
        Assert.That(ToolRun.Of("convert", folder["a.safetensors"], folder["b.npz"], "--net", "lenet").ExitCode, Is.Zero);
        Assert.That(ToolRun.Of("convert", folder["b.npz"], folder["c.safetensors"], "--net", "lenet", "--strict").ExitCode, Is.Zero);
        Assert.That(Read(folder["c.safetensors"], "conv1.weight"), Is.EqualTo(Read(folder["a.safetensors"], "conv1.weight")));
        Assert.That(Read(folder["c.safetensors"], "conv1.scale"), Is.EqualTo(new[] { Factor }));

        Assert.That(ToolRun.Of("convert", folder["a.safetensors"], folder["torch.safetensors"], "--net", "lenet", "--torch-names").ExitCode, Is.Zero);
        Assert.That(Read(folder["torch.safetensors"], "conv1.weight"), Is.EqualTo(Read(folder["a.safetensors"], "conv1.weight").Select(w => w * Factor)));
        ToolRun.Of("convert", folder["a.safetensors"], folder["torch.npz"], "--net", "lenet", "--torch-names").MustFail(ExitCode.Usage, "--torch-names writes .safetensors");
    }

    [Test]
    public void A_state_dict_of_torchvisions_is_known_by_its_names()
    {
        using var folder = new TemporaryFolder();
        using (Backend backend = Backends.Open("cpu"))
        using (var parameters = new ParameterSet(Nets.Find("googlenet-bn").Graph(), backend))
        {
            InitMethods.BlindInit("xavier", fills: null).Apply(parameters, seed: 3);
            Checkpoint.Save(parameters, folder["a.safetensors"]);
        }
        Assert.That(ToolRun.Of("convert", folder["a.safetensors"], folder["torch.safetensors"], "--net", "googlenet-bn", "--torch-names").ExitCode, Is.Zero);
        using (SafetensorsFile file = Safetensors.Open(folder["torch.safetensors"])) Assert.That(file.Find("inception3a.branch2.1.conv.weight")?.Shape, Is.EqualTo(new long[] { 128, 96, 3, 3 }));
        Assert.That(ToolRun.Of("convert", folder["torch.safetensors"], folder["b.safetensors"], "--net", "googlenet-bn", "--strict").ExitCode, Is.Zero);
        Assert.That(Read(folder["b.safetensors"], "inception_5b/1x1.weight"), Is.EqualTo(Read(folder["a.safetensors"], "inception_5b/1x1.weight")));
    }

    [Test]
    public void What_cannot_be_converted_is_said()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.safetensors"]);
        string a = folder["a.safetensors"], b = folder["b.safetensors"];
        ToolRun.Of("convert", a, b).MustFail(ExitCode.Usage, "hold no net", "--net");
        ToolRun.Of("convert", a, folder["b.h5"], "--net", "lenet").MustFail(ExitCode.Usage, "names no format", ".safetensors");
        ToolRun.Of("convert", a, a, "--net", "lenet").MustFail(ExitCode.Usage, "same file");
        ToolRun.Of("convert", a, b, "--net", "caffenet").MustFail(ExitCode.Data, "conv1.weight is 20×1×5×5 in the file");
        ToolRun.Of("convert", folder["no.safetensors"], b, "--net", "lenet").MustFail(ExitCode.Data, "no.safetensors");
        Assert.That(File.Exists(b), Is.False);
    }
}
