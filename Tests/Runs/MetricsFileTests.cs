using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class MetricsFileTests
{
    [Test]
    public void A_line_is_one_JSON_object_in_the_order_given()
    {
        using var folder = new TemporaryFolder();
        using (MetricsFile file = MetricsFile.Create(folder["m"]))
        {
            file.Write(0, "test", Pair("map/Voc11Point", 0.125));
            file.Write(1200, "train", Pair("loss", 0.1 + 0.2), Pair("rate", 1e-3), Pair("größe", double.NaN), Pair("norm", double.PositiveInfinity));
        }
        Assert.That(File.ReadAllText(folder["m"]), Is.EqualTo(
            "{\"iteration\":0,\"kind\":\"test\",\"map/Voc11Point\":0.125}\n"
            + "{\"iteration\":1200,\"kind\":\"train\",\"loss\":0.30000000000000004,\"rate\":0.001,\"größe\":null,\"norm\":null}\n"));
    }

    [Test]
    public void What_is_written_is_read_back_whatever_the_culture()
    {
        using var folder = new TemporaryFolder();
        CultureInfo before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        double[] numbers = [Math.PI, -1e-300, double.MaxValue, double.Epsilon, 3, 1 / 3.0];
        CultureInfo.CurrentCulture = comma;
        try
        {
            using MetricsFile file = MetricsFile.Create(folder["m"]);
            foreach (double number in numbers) file.Write(7, "train", Pair("loss", number));
            // Readable while it is still being written.
            Assert.That(MetricsFile.Read(folder["m"]).Select(l => l["loss"]!.Value), Is.EqualTo(numbers));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
        MetricsLine line = MetricsFile.Read(folder["m"])[0];
        Assert.That((line.Iteration, line.Kind, line["rate"]), Is.EqualTo((7, "train", (double?)null)));
    }

    [Test]
    public void Numbers_that_were_not_finite_are_read_as_no_number()
    {
        using var folder = new TemporaryFolder();
        using (MetricsFile file = MetricsFile.Create(folder["m"])) file.Write(1, "train", Pair("loss", double.NegativeInfinity));
        Assert.That(MetricsFile.Read(folder["m"])[0]["loss"], Is.NaN);
    }

    // Whatever byte a killed process came to: the lines before are there, the cut one is not, and a run that goes on repairs it.
    [Test]
    public void A_file_cut_at_any_byte_keeps_every_whole_line_and_can_be_resumed()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = [.. "{\"iteration\":1,\"kind\":\"train\",\"loss\":1.5}\n"u8, .. "{\"iteration\":2,\"kind\":\"train\",\"loss\":1.25}\n"u8];
        int first = Array.IndexOf(whole, (byte)'\n');
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(folder["m"], whole[..length]);
            // The newline itself may be missing from a line that is otherwise whole.
            int expected = length >= whole.Length - 1 ? 2 : length >= first ? 1 : 0;
            Assert.That(MetricsFile.Read(folder["m"]), Has.Count.EqualTo(expected), $"{length} bytes");
            using (MetricsFile file = MetricsFile.Resume(folder["m"], 5)) file.Write(6, "train", Pair("loss", 1));
            Assert.That(MetricsFile.Read(folder["m"]).Select(l => l.Iteration), Is.EqualTo(((int[])[1, 2])[..expected].Append(6)), $"{length} bytes");
        }
    }

    [Test]
    public void A_run_that_goes_on_drops_the_lines_it_will_measure_again()
    {
        using var folder = new TemporaryFolder();
        using (MetricsFile file = MetricsFile.Create(folder["m"]))
            foreach (int i in new[] { 10, 20, 30, 40 }) file.Write(i, "train", Pair("loss", i));
        byte[] before = File.ReadAllBytes(folder["m"]);
        using (MetricsFile file = MetricsFile.Resume(folder["m"], 20))
            foreach (int i in new[] { 30, 40 }) file.Write(i, "train", Pair("loss", i));
        Assert.That(File.ReadAllBytes(folder["m"]), Is.EqualTo(before));
        using (MetricsFile.Resume(folder["m"], 0)) Assert.That(MetricsFile.Read(folder["m"]), Is.Empty);
        using (MetricsFile file = MetricsFile.Resume(folder["new"], 20)) file.Write(30, "train");
        Assert.That(MetricsFile.Read(folder["new"]).Single().Values, Is.Empty);
        Assert.That(folder.Names, Is.EqualTo(new[] { "m", "new" }));
    }

    [TestCase("not json", "line 2 is no line of metrics")]
    [TestCase("[1]", "line 2 is no line of metrics: it is no JSON object")]
    [TestCase("{\"kind\":\"train\"}", "it has no iteration")]
    [TestCase("{\"iteration\":1}", "it has no kind")]
    [TestCase("{\"iteration\":1.5,\"kind\":\"train\"}", "it has no iteration")]
    [TestCase("{\"iteration\":1,\"kind\":\"train\",\"loss\":\"low\"}", "loss is \"low\"")]
    public void A_broken_line_in_the_middle_is_named_and_nothing_is_changed(string line, string message)
    {
        using var folder = new TemporaryFolder();
        string text = $"{{\"iteration\":1,\"kind\":\"train\"}}\n{line}\n{{\"iteration\":3,\"kind\":\"train\"}}\n";
        File.WriteAllText(folder["m"], text);
        Assert.That(() => MetricsFile.Read(folder["m"]), Throws.TypeOf<RunFileException>().With.Message.StartsWith(folder["m"]).And.Message.Contains(message));
        Assert.That(() => MetricsFile.Resume(folder["m"], 1), Throws.TypeOf<RunFileException>());
        Assert.That(File.ReadAllText(folder["m"]), Is.EqualTo(text));
    }

    [Test]
    public void A_name_that_every_line_has_and_a_file_that_is_there_are_refused()
    {
        using var folder = new TemporaryFolder();
        using MetricsFile file = MetricsFile.Create(folder["m"]);
        Assert.That(() => file.Write(1, "train", Pair("kind", 1)), Throws.ArgumentException.With.Message.Contains("cannot be named kind"));
        file.Write(1, "train", Pair("loss", 1));
        Assert.That(MetricsFile.Read(folder["m"]), Has.Count.EqualTo(1), "what was refused left nothing in the next line");
        Assert.That(() => MetricsFile.Create(folder["m"]), Throws.InstanceOf<IOException>());
    }

    private static KeyValuePair<string, double> Pair(string name, double value) => new(name, value);
}
