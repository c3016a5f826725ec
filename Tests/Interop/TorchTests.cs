using System.Globalization;
using System.Runtime.InteropServices;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class TorchTests
{
    private static TorchNaming Naming(string net) => TorchNaming.Published.Single(n => n.Name == net);

    // Parameters as torchvision counts them; the GoogLeNet without its auxiliary heads.
    [TestCase("vgg16", 138_357_544)]
    [TestCase("alexnet-owt", 61_100_840)]
    [TestCase("googlenet-bn", 6_624_904)]
    public void Published_nets_have_torchvisions_numbers_of_parameters(string net, long count) => Assert.That(Nets.Find(net).Graph().ParameterCount, Is.EqualTo(count));

    [TestCase("vgg16", "features.0.weight", "features.28.bias", "classifier.0.weight", "classifier.6.bias")]
    [TestCase("alexnet-owt", "features.0.weight", "features.10.bias", "classifier.1.weight", "classifier.6.bias")]
    [TestCase("googlenet-bn", "conv1.conv.weight", "conv1.bn.running_mean", "conv3.bn.weight", "inception3a.branch1.bn.bias", "inception4e.branch3.1.conv.weight", "inception5b.branch4.1.bn.running_var", "fc.bias")]
    public void Every_parameter_has_one_of_torchvisions_names(string net, params string[] some)
    {
        using Backend backend = Backends.Open("cpu");
        using var parameters = new ParameterSet(Nets.Find(net).Graph(), backend);
        string?[] names = [.. parameters.All.Where(p => p.Spec.Name is not ("scale" or "count")).Select(p => Naming(net).Tensor(parameters.Graph, p))];
        Assert.That(names, Is.Unique.And.None.Null);
        Assert.That(some, Is.SubsetOf(names));
    }

    [Test]
    public void A_net_goes_to_plain_names_and_back()
    {
        using var folder = new TemporaryFolder();
        using ExportedNet net = ExportedNet.Of(Nets.Find("resnet20").Graph(), batch: 1);
        TorchWeights.Save(net.Parameters, folder["w.safetensors"], TorchNaming.Plain);
        using SafetensorsFile file = Safetensors.Open(folder["w.safetensors"]);
        Assert.That(file.Tensors.Select(t => t.Name), Is.SupersetOf(new[] { "conv1.weight", "conv1.bn.running_mean", "conv1.bn.weight", "stage2.block1.conv1.weight", "fc.bias" }));
        using var loaded = new ParameterSet(Nets.Find("resnet20").Graph(), net.Parameters.Backend);
        Assert.That(TorchNaming.Plain.Fits(loaded, file));
        using var weights = new TorchWeights(file, loaded, TorchNaming.Plain);
        double[][] back = net.Run(Nets.Find("resnet20").Graph(), weights, out CheckpointReport report);
        Assert.That(report.Missing.Concat(report.Unused), Is.Empty);
        Assert.That(Sample.RelativeError(net.Run()[0], back[0]), Is.LessThan(1e-5));
    }

    [Test]
    public void Pictures_of_both_kinds_make_the_same_scores_and_weights_come_back_as_they_were()
    {
        using var folder = new TemporaryFolder();
        // VGG's first layers under its names, and what they make of a picture as PyTorch has it.
        Graph graph = Graph.Of(Node.Input("data", 3, 6, 5).Convolution("conv1_1", 4, 3, pad: 1).Relu().Convolution("conv1_2", 2, 3));
        var random = new Random(3);
        float[] weight = [.. Sample.Normal(random, 108).Select(v => (float)v)], bias = [.. Sample.Normal(random, 4).Select(v => (float)v)];
        Safetensors.Write(folder["w"],
        [
            SafetensorsSource.Of("features.0.weight", [4, 3, 3, 3], weight), SafetensorsSource.Of("features.0.bias", [4], bias),
            SafetensorsSource.Of("features.2.weight", [2, 4, 3, 3], new float[72]), SafetensorsSource.Of("features.2.bias", [2], new float[2]), SafetensorsSource.Of("other.weight", [1], new float[1]),
        ]);
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(graph, backend);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        using var weights = new TorchWeights(file, parameters, Naming("vgg16"));
        CheckpointReport report = Checkpoint.Load(parameters, weights, strict: false);
        Assert.That(report.Unused, Is.EqualTo(new[] { "other.weight" }));

        byte[] rgb = new byte[90];
        random.NextBytes(rgb);
        PixelNorm norm = Naming("vgg16").Pixels!;
        double[] ours = Run(parameters, (c, i) => rgb[30 * (2 - c) + i] - 255.0 * norm.Mean[2 - c]);
        using var plain = new ParameterSet(graph, backend);
        plain["conv1_1.weight"].Write(weight);
        plain["conv1_1.bias"].Write(bias);
        double[] theirs = Run(plain, (c, i) => (rgb[30 * c + i] / 255.0 - norm.Mean[c]) / norm.Deviation[c]);
        Assert.That(Sample.RelativeError(theirs, ours), Is.LessThan(1e-6));

        parameters["conv1_1.scale"].Write([2]);
        TorchWeights.Save(parameters, folder["back"], Naming("vgg16"));
        using SafetensorsFile back = Safetensors.Open(folder["back"]);
        float[] again = new float[108];
        back.Read("features.0.weight", again);
        Assert.That(again.Zip(weight).All(p => Math.Abs(p.First - 2 * p.Second) <= 1e-6f * Math.Abs(p.First)), "to a rounding, with the scale of two");

        double[] Run(ParameterSet set, Func<int, int, double> pixel)
        {
            using var net = new Net(set, 1, new NetOptions { Backward = false, Outputs = [graph["conv1_1"]] });
            net.Load(graph["data"], [.. Enumerable.Range(0, 90).Select(i => pixel(i / 30, i % 30))]);
            net.Forward(Phase.Test);
            return net[graph["conv1_1"]].ReadExact();
        }
    }

    [Test]
    public void A_state_dict_of_another_net_is_said_tensor_by_tensor()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder["w"], [SafetensorsSource.Of("features.0.weight", [64, 3, 3, 3], new float[1728]), SafetensorsSource.Of("features.0.bias", [64], new float[64])]);
        using Backend backend = Backends.Open("cpu");
        using var parameters = new ParameterSet(Nets.Find("alexnet-owt").Graph(2), backend);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        using var weights = new TorchWeights(file, parameters, Naming("alexnet-owt"));
        Assert.That(Naming("alexnet-owt").Fits(parameters, file), Is.False);
        Assert.That(() => Checkpoint.Load(parameters, weights), Throws.TypeOf<WeightsFormatException>()
            .With.Message.Contains("conv1.weight is 64×3×3×3 in the file and 64×3×11×11 in the net").And.Message.Contains("conv2.weight is missing"));
    }

    [Test, Explicit("PyTorch and torchvision from Debian; half a gigabyte of weights for VGG-16"), Category("Slow")]
    public void Torchvisions_own_nets_make_the_same_scores([Values("vgg16", "alexnet-owt", "googlenet-bn")] string net)
    {
        using var folder = new TemporaryFolder();
        TorchNaming naming = Naming(net);
        string model = naming.Description.Split(' ')[^1], arguments = model == "googlenet" ? ", aux_logits=True, transform_input=True, init_weights=False" : "";
        Python.Run("torchvision", $$"""
            import json, struct, torch, torchvision
            torch.manual_seed(7)
            net = torchvision.models.{{model}}(weights=None{{arguments}}).eval()
            for name, value in net.state_dict().items():
                if name.endswith('running_var'): value.uniform_(0.5, 2)
                elif name.endswith('running_mean'): value.normal_(0, 0.1)
            tensors = [(name, value) for name, value in net.state_dict().items()]
            header, offset = {}, 0
            for name, value in tensors:
                count = value.numel() * value.element_size()
                header[name] = {'dtype': 'F32' if value.dtype == torch.float32 else 'I64', 'shape': list(value.shape), 'data_offsets': [offset, offset + count]}
                offset += count
            text = json.dumps(header).encode()
            text += b' ' * (-len(text) % 8)
            with open({{Python.Quoted(folder["w.safetensors"])}}, 'wb') as file:
                file.write(struct.pack('<Q', len(text)) + text)
                for name, value in tensors: file.write(value.contiguous().numpy().tobytes())
            picture = torch.randint(0, 256, (1, 3, 224, 224)).float()
            mean, deviation = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
            with torch.no_grad(): scores = net((picture / 255 - mean) / deviation)
            picture.numpy().tofile({{Python.Quoted(folder["picture"])}})
            scores.numpy().tofile({{Python.Quoted(folder["scores"])}})
            """);
        float[] rgb = Floats(folder["picture"]), scores = Floats(folder["scores"]);
        using Backend backend = Backends.Open("cpu");
        using var parameters = new ParameterSet(Nets.Find(net).Graph(), backend);
        using SafetensorsFile file = Safetensors.Open(folder["w.safetensors"]);
        Assert.That(naming.Fits(parameters, file));
        using var weights = new TorchWeights(file, parameters, naming);
        CheckpointReport report = Checkpoint.Load(parameters, weights);
        using var run = new Net(parameters, 1, new NetOptions { Backward = false });
        run.Load(parameters.Graph["data"], [.. Enumerable.Range(0, rgb.Length).Select(i => rgb[(2 - i / 50176) * 50176 + i % 50176] - 255 * naming.Pixels!.Mean[2 - i / 50176])]);
        run.Forward(Phase.Test);
        double error = Sample.RelativeError([.. scores.Select(s => (double)s)], run[parameters.Graph.Outputs[0]].ReadExact());
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{net}: {report.Loaded.Count} loaded, {error:E1} of the largest score"));
        Assert.That(error, Is.LessThan(1e-4));
    }

    internal static float[] Floats(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
}
