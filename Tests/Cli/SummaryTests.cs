using System.Text.Json;

namespace EvenNet.Tests.Cli;

public sealed class SummaryTests
{
    // Published parameter counts (algorithms of the nets' own papers and Caffe's models).
    [TestCase("caffenet", 60_965_224)]
    [TestCase("vgg16", 138_357_544)]
    [TestCase("googlenet", 6_998_552)]
    [TestCase("googlenet-aux", 13_378_280)]
    public void The_document_has_the_published_counts(string net, long parameters)
    {
        JsonElement summary = ToolRun.Of("summary", net, "--json").Json;
        Assert.That(summary.GetProperty("net").GetString(), Is.EqualTo(net));
        Assert.That(summary.GetProperty("parameters").GetInt64(), Is.EqualTo(parameters));
        Assert.That(summary.GetProperty("layers").EnumerateArray().Sum(l => l.GetProperty("parameters").GetInt64()), Is.EqualTo(parameters));
        Assert.That(summary.GetProperty("layers").EnumerateArray().Sum(l => l.GetProperty("multiplyAdds").GetInt64()), Is.EqualTo(summary.GetProperty("multiplyAdds").GetInt64()));
    }

    [Test]
    public void A_layer_has_name_type_output_and_parameters()
    {
        JsonElement layer = ToolRun.Of("summary", "caffenet", "--json").Json.GetProperty("layers").EnumerateArray().Single(l => l.GetProperty("name").GetString() == "conv2");
        Assert.That(layer.GetProperty("type").GetString(), Is.EqualTo("Convolution"));
        Assert.That(layer.GetProperty("output").EnumerateArray().Select(d => d.GetInt32()), Is.EqualTo(new[] { 256, 27, 27 }));
        Assert.That(layer.GetProperty("parameters").GetInt64(), Is.EqualTo(256 * 48 * 25 + 256));
    }

    [Test]
    public void Classes_and_batch_are_heard()
    {
        JsonElement one = ToolRun.Of("summary", "caffenet-mini", "--classes", "7", "--batch", "1", "--json").Json;
        JsonElement eight = ToolRun.Of("summary", "caffenet-mini", "--classes", "7", "--batch", "8", "--json").Json;
        Assert.That(one.GetProperty("layers")[one.GetProperty("layers").GetArrayLength() - 1].GetProperty("output")[0].GetInt32(), Is.EqualTo(7));
        long small = one.GetProperty("memory").GetProperty("training").GetInt64(), large = eight.GetProperty("memory").GetProperty("training").GetInt64();
        Assert.That(large, Is.InRange(3 * small, 8 * small));
    }

    [Test]
    public void The_table_ends_with_the_totals()
    {
        ToolRun run = ToolRun.Of("summary", "caffenet");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Match(@"total\s+60,965,224\s+724,406,816").And.Contain("96×55×55").And.Match(@"memory\s+weights 244 MB"));
        Assert.That(run.Error, Does.Contain("next"));
    }
}
