using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class CheckpointTests
{
    private static Node Small(int classes = 3) => Node.Input("data", 2, 5, 5).Convolution("c", 4, 3).Relu().InnerProduct("f", 6).Relu().InnerProduct("top", classes);

    [Test]
    public void What_is_saved_is_loaded_scales_included_and_unit_scales_are_not_written([Values("cpu", "reference")] string device)
    {
        using var folder = new TemporaryFolder();
        using Backend backend = Backends.Open(device, threads: 1);
        using ParameterSet saved = Filled(Small(), backend);
        saved["f.scale"].Write([0.25f]);
        Checkpoint.Save(saved, folder["w"], new Dictionary<string, string> { ["net"] = "small" });
        using (SafetensorsFile file = Safetensors.Open(folder["w"]))
            Assert.That(file.Tensors.Select(t => t.ToString()), Is.EqualTo(new[] { "c.weight F32 [4, 2, 3, 3]", "c.bias F32 [4]", "f.weight F32 [6, 36]", "f.bias F32 [6]", "f.scale F32 [1]", "top.weight F32 [3, 6]", "top.bias F32 [3]" }));

        using var loaded = new ParameterSet(Graph.Of(Small()), backend);
        loaded["c.scale"].Fill(9);
        int version = loaded["c.weight"].Version;
        CheckpointReport report = Checkpoint.Load(loaded, folder["w"]);
        foreach (Parameter p in saved.All) Assert.That(loaded[p.Name].Read(), Is.EqualTo(p.Read()), p.Name);
        Assert.That(loaded["c.weight"].Version, Is.GreaterThan(version), "kernels that keep packed weights must see the change");
        Assert.That(report.Loaded, Has.Count.EqualTo(7));
        Assert.That(report.Metadata["net"], Is.EqualTo("small"));
        Assert.That(report.Missing.Concat(report.Unused).Concat(report.Skipped).Concat(report.Reshaped), Is.Empty);
    }

    [Test]
    public void A_matrix_fits_a_convolution_of_the_same_numbers_and_the_other_way_round()
    {
        using var folder = new TemporaryFolder();
        using Backend backend = Backends.Open("reference");
        using ParameterSet saved = Filled(Small(), backend);
        Checkpoint.Save(saved, folder["w"]);
        // The same net, its matrix f as a convolution over the whole 3×3 plane.
        Node full = Node.Input("data", 2, 5, 5).Convolution("c", 4, 3).Relu().Convolution("f", 6, 3).Relu().Convolution("top", 3, 1);
        using var loaded = new ParameterSet(Graph.Of(full), backend);
        CheckpointReport report = Checkpoint.Load(loaded, folder["w"]);
        Assert.That(report.Reshaped, Is.EqualTo(new[] { "f.weight", "top.weight" }));
        Assert.That(loaded["f.weight"].Read(), Is.EqualTo(saved["f.weight"].Read()));
        Checkpoint.Save(loaded, folder["back"]);
        using var again = new ParameterSet(Graph.Of(Small()), backend);
        Assert.That(Checkpoint.Load(again, folder["back"]).Reshaped, Is.EqualTo(new[] { "f.weight", "top.weight" }));
    }

    [Test]
    public void Sizes_that_only_agree_in_their_product_do_not_fit()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder["w"], [SafetensorsSource.Of("c.weight", [4, 2, 9, 1], new float[72])]);
        using Backend backend = Backends.Open("reference");
        using ParameterSet parameters = Filled(Small(), backend);
        Assert.That(() => Checkpoint.Load(parameters, folder["w"], strict: false), Throws.TypeOf<WeightsFormatException>().With.Message.Contains("c.weight is 4×2×9×1 in the file and 4×2×3×3 in the net"));
    }

    [Test]
    public void Nothing_changes_when_anything_does_not_fit()
    {
        using var folder = new TemporaryFolder();
        using Backend backend = Backends.Open("reference");
        using (ParameterSet other = Filled(Small(classes: 5), backend)) Checkpoint.Save(other, folder["w"]);
        using var parameters = new ParameterSet(Graph.Of(Small()), backend);
        Assert.That(() => Checkpoint.Load(parameters, folder["w"]), Throws.TypeOf<WeightsFormatException>()
            .With.Message.Contains("top.weight is 5×6 in the file and 3×6 in the net").And.Message.Contains("top.bias is 5 in the file and 3 in the net"));
        Assert.That(parameters.All.Where(p => p.Spec.IsLearned).SelectMany(p => p.Read()), Is.All.Zero);

        CheckpointReport report = Checkpoint.Load(parameters, folder["w"], strict: true, "top");
        Assert.That(report.Skipped, Is.EqualTo(new[] { "top.weight", "top.bias", "top.scale" }));
        Assert.That(parameters["f.weight"].Read(), Has.Some.Not.Zero);
        Assert.That(parameters["top.weight"].Read(), Is.All.Zero);
    }

    [Test]
    public void Missing_and_unknown_tensors_are_errors_only_when_strict()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder["w"], [SafetensorsSource.Of("c.weight", [4, 2, 3, 3], new float[72]), SafetensorsSource.Of("x.weight", [1], new float[1])]);
        using Backend backend = Backends.Open("reference");
        using ParameterSet parameters = Filled(Small(), backend);
        Assert.That(() => Checkpoint.Load(parameters, folder["w"]), Throws.TypeOf<WeightsFormatException>()
            .With.Message.Contains("c.bias is missing in the file").And.Message.Contains("x.weight is in the file only"));
        CheckpointReport report = Checkpoint.Load(parameters, folder["w"], strict: false);
        Assert.That(report.Loaded, Is.EqualTo(new[] { "c.weight" }));
        Assert.That(report.Missing, Is.EqualTo(new[] { "c.bias", "f.weight", "f.bias", "top.weight", "top.bias" }));
        Assert.That(report.Unused, Is.EqualTo(new[] { "x.weight" }));
    }

    [Test]
    public void A_type_that_is_not_read_is_named()
    {
        using var folder = new TemporaryFolder();
        const string header = """{"c.bias":{"dtype":"I32","shape":[4],"data_offsets":[0,16]}}""";
        File.WriteAllBytes(folder["w"], [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[16]]);
        using Backend backend = Backends.Open("reference");
        using ParameterSet parameters = Filled(Small(), backend);
        Assert.That(() => Checkpoint.Load(parameters, folder["w"], strict: false), Throws.TypeOf<WeightsFormatException>().With.Message.Contains("c.bias is I32; only F32, F64, F16 and BF16 are read"));
    }

    private static ParameterSet Filled(Node top, Backend backend)
    {
        var parameters = new ParameterSet(Graph.Of(top), backend);
        var random = new Random(2);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) p.Write([.. Sample.Normal(random, p.Count).Select(v => (float)v)]);
        return parameters;
    }
}
