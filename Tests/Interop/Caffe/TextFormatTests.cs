using EvenNet.Framework;
using EvenNet.Interop;

namespace EvenNet.Tests.Interop;

public sealed class TextFormatTests
{
    private static CaffeFile Read(string text) => CaffeFile.ParseText(text, "net.prototxt");

    private const string Net = """
        name: 'a' "b"   # joined
        input: "data" input_dim: [1, 0x3, 010, 8]
        layer < name: "conv"; type: "Convolution", bottom: "data" top: "conv"
          convolution_param { num_output: 4 kernel_size: 3 bias_term: f pad: 1 } param: { lr_mult: 1e1f decay_mult: .5 }
        >
        layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" relu_param { negative_slope: -1.5E-2 } }
        """;

    [Test]
    public void Every_spelling_of_the_format_is_read()
    {
        CaffeFile file = Read(Net);
        CaffeGraph read = file.Graph();
        Assert.That(file.Name, Is.EqualTo("ab"));
        Assert.That(read.Graph.Nodes.Select(n => $"{n}"), Is.EqualTo((string[])["data 3×8×8", "conv 4×8×8", "relu 4×8×8"]));
        Assert.That(read.Graph["relu"].Layer, Is.EqualTo(new Relu(-0.015f)));
        Assert.That(read.Multipliers["conv.weight"], Is.EqualTo((10f, 0.5f)));
        Assert.That(read.Notes, Is.Empty);
    }

    [Test]
    public void What_is_written_is_read_as_the_same()
    {
        CaffeFile file = Read(Net);
        file.Net.Name = "quote \" backslash \\ line\n tab\t bell\a ü 𝄞";
        string text = TextFormatWriter.Write(file.Net);
        Assert.That(Read(text).Net, Is.EqualTo(file.Net));
        Assert.That(TextFormatWriter.Write(Read(text).Net), Is.EqualTo(text));
    }

    [TestCase("name \"a\"", "1:6", "a colon was expected after name")]
    [TestCase("name: a", "1:7", "a is no value of name: a string in quotes was expected")]
    [TestCase("name: \"a\nb\"", "1:7", "not closed on its line")]
    [TestCase("name: \"\\q\"", "1:8", "an escape cannot begin with 'q'")]
    [TestCase("name: \"a\" name: \"b\"", "1:11", "name is given twice in one NetParameter")]
    [TestCase("layer {\n  name: \"a\"\n", "3:1", "the text ends within LayerParameter, } is missing")]
    [TestCase("layer {\n  }\n }", "3:2", "a field's name was expected in NetParameter, got }")]
    [TestCase("input_dim: 3.5", "1:12", "3.5 is no value of input_dim: a whole number in its range was expected")]
    [TestCase("input_dim: 99999999999", "1:12", "99999999999 is no value of input_dim")]
    [TestCase("input_dim: 09", "1:12", "09 is no value of input_dim")]
    [TestCase("force_backward: yes", "1:17", "yes is no value of force_backward: true or false was expected")]
    [TestCase("state { phase: TRIAN }", "1:16", "TRIAN is no value of phase: there are TRAIN, TEST")]
    [TestCase("name: [\"a\"]", "1:1", "name takes one value, got a list")]
    [TestCase("layer: 3", "1:8", "layer is a message, { was expected, got 3")]
    [TestCase("name: \"a\" @", "1:11", "unexpected character '@'")]
    public void Errors_name_line_and_column(string text, string place, string reason) =>
        Assert.That(Assert.Throws<NetFormatException>(() => Read(text))!.Message, Does.StartWith($"net.prototxt:{place}: ").And.Contain(reason));

    [Test]
    public void Unknown_fields_are_passed_over_and_noted()
    {
        string text = Net.Replace("name: \"relu\"", "name: \"relu\" colour { hue: [1, {a: 'x' 'y'}] deep < b: -inf > } nmae: TRUE", StringComparison.Ordinal);
        Assert.That(Read(text).Notes, Is.EqualTo((string[])[
            "net.prototxt:6:22: LayerParameter has no field colour that is known here; passed over",
            "net.prototxt:6:73: LayerParameter has no field nmae that is known here; did you mean name?; passed over"]));
        Assert.That(Read(text).Net, Is.EqualTo(Read(Net).Net));
    }

    [Test]
    public void Messages_within_messages_end_at_a_depth_and_not_the_stack()
    {
        string deep = string.Concat(Enumerable.Repeat("a {", 1_000_000));
        Assert.That(Assert.Throws<NetFormatException>(() => Read(deep)).Message, Does.Contain("deeper in one another than 100"));
    }
}
