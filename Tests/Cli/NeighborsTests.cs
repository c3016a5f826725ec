using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Cli;

public sealed class NeighborsTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => folder.Dispose();

    private string Pictures(int count) => PictureFolder.Make(folder["pictures"], count, width: 40, height: 30);

    [Test]
    public void Several_nets_answer_side_by_side_in_a_page_and_a_picture([Values("near.png", "near.jpg")] string sheet)
    {
        if (sheet.EndsWith(".jpg", StringComparison.Ordinal) && !JpegEncoder.Library.IsFound) Assert.Ignore("libturbojpeg is not there");
        JsonElement json = ToolRun.Of("neighbors", "cifar10_quick", "--weights", "xavier", "msra", "--images", Pictures(12), "--queries", "4", "-k", "3",
            "--side", "20", "--out", folder["near.html"], "--picture", folder[sheet], "--json").Json;
        Assert.That(json.GetProperty("nets").GetArrayLength(), Is.EqualTo(2));
        Assert.That(json.GetProperty("pool").GetInt32(), Is.EqualTo(8));
        JsonElement[] queries = [.. json.GetProperty("queries").EnumerateArray()];
        Assert.That(queries, Has.Length.EqualTo(4));
        string[] asked = [.. queries.Select(q => q.GetProperty("file").GetString()!)];
        foreach (JsonElement query in queries)
            foreach (JsonElement net in query.GetProperty("nets").EnumerateArray())
            {
                string[] files = [.. net.EnumerateArray().Select(n => n.GetProperty("file").GetString()!)];
                Assert.That(files, Has.Length.EqualTo(3).And.Unique);
                Assert.That(files.Intersect(asked), Is.Empty, "queries are not in the pool");
                Assert.That(net.EnumerateArray().Select(n => n.GetProperty("distance").GetDouble()), Is.Ordered);
            }

        string page = File.ReadAllText(folder["near.html"]);
        Assert.That(page, Does.Contain("xavier").And.Contain("msra").And.Contain(JpegEncoder.Library.IsFound ? "data:image/jpeg;base64," : "data:image/png;base64,").And.Not.Contain("http:").And.Not.Contain("<script"));
        Assert.That(page.Split("<i role=").Length - 1, Is.EqualTo(4 * (1 + 2 * 3)));
        using var jpeg = new EvenNet.Kernels.JpegDecoder();
        if (sheet.EndsWith(".png", StringComparison.Ordinal)) Assert.That(new ImageFiles(jpeg).Open(folder[sheet]).Width, Is.GreaterThan(7 * 20));
    }

    [Test]
    public void A_query_of_the_pool_is_no_neighbour_of_itself_but_its_copy_is_the_first_at_zero([Values("euclidean", "cosine")] string distance)
    {
        string pictures = Pictures(6), query = Path.Combine(pictures, "picture-03.png");
        File.Copy(query, Path.Combine(pictures, "copy.png"));
        JsonElement first = ToolRun.Of("neighbors", "cifar10_quick", "--weights", "xavier", "--images", pictures, "--query", query, "--distance", distance, "--json").Json
            .GetProperty("queries")[0].GetProperty("nets")[0][0];
        Assert.That(Path.GetFileName(first.GetProperty("file").GetString()), Is.EqualTo("copy.png"));
        Assert.That(first.GetProperty("distance").GetDouble(), Is.Zero);
    }

    [Test]
    public void The_same_neighbours_are_found_whatever_the_threads_and_the_batch()
    {
        string pictures = Pictures(10);
        JsonElement Queries(string threads, string batch) => ToolRun.Of("neighbors", "cifar10_quick", "--weights", "xavier", "--images", pictures, "--queries", "3", "--threads", threads, "--batch", batch, "--json").Json.GetProperty("queries");
        Assert.That(Queries("3", "4").GetRawText(), Is.EqualTo(Queries("1", "4").GetRawText()));
    }

    [Test]
    public void Weights_of_a_file_and_means_of_channels_are_compared()
    {
        string pictures = Pictures(8);
        ToolRun init = ToolRun.Of("init", "cifar10_quick", "--images", pictures, "--method", "gaussian", "--count", "8", "--out", folder["w.safetensors"], "--no-report");
        Assert.That(init.ExitCode, Is.Zero, init.Error);
        JsonElement json = ToolRun.Of("neighbors", "cifar10_quick", "--weights", folder["w.safetensors"], "xavier", "--node", "conv3", "--average", "--name", "made", "random", "--images", pictures, "--queries", "2", "--json").Json;
        JsonElement[] nets = [.. json.GetProperty("nets").EnumerateArray()];
        Assert.That(nets.Select(n => n.GetProperty("name").GetString()), Is.EqualTo(new[] { "made", "random" }));
        Assert.That(nets.Select(n => n.GetProperty("dimensions").GetInt32()), Is.All.EqualTo(64));
    }

    // Two pictures each of three classes, twins of each other: every first neighbour shows its query's class, by chance one in five.
    [Test]
    public void Where_classes_are_known_neighbours_that_share_one_are_counted()
    {
        string year = folder["VOCdevkit/VOC2007"];
        foreach (string part in (string[])["JPEGImages", "Annotations", "ImageSets/Main"]) Directory.CreateDirectory(Path.Combine(year, part));
        string[] classes = ["dog", "cat", "bird"];
        for (int i = 0; i < 6; i++)
        {
            PngWriter.Write(Path.Combine(year, "JPEGImages", $"{i}.jpg"), PictureFolder.Picture(new Random(i / 2), 40, 30));
            File.WriteAllText(Path.Combine(year, "Annotations", $"{i}.xml"), $"<annotation><size><width>40</width><height>30</height></size><object><name>{classes[i / 2]}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>");
        }
        File.WriteAllLines(Path.Combine(year, "ImageSets/Main/trainval.txt"), Enumerable.Range(0, 6).Select(i => $"{i}"));
        string[] line = ["neighbors", "cifar10_quick", "--weights", "xavier", "--voc", folder["VOCdevkit"], "--query", Path.Combine(year, "JPEGImages/3.jpg"), "-k", "1"];
        JsonElement json = ToolRun.Of([.. line, "--json"]).Json;
        Assert.That(json.GetProperty("nets")[0].GetProperty("sameClass").GetDouble(), Is.EqualTo(1));
        Assert.That(json.GetProperty("sameClassByChance").GetDouble(), Is.EqualTo(0.2));
        Assert.That(ToolRun.Of(line).Output, Does.Contain("100.0 % of the neighbours show a class of their query").And.Contain("by chance 20.0 %"));
    }

    [Test]
    public void A_broken_picture_that_was_named_is_an_error_and_one_of_many_is_left_out()
    {
        string pictures = Pictures(8);
        File.WriteAllText(Path.Combine(pictures, "broken.png"), "no picture");
        ToolRun run = ToolRun.Of("neighbors", "cifar10_quick", "--weights", "xavier", "--images", pictures, "--queries", "2", "--json");
        Assert.That(run.Json.GetProperty("skipped").EnumerateArray().Single().GetString(), Does.EndWith("broken.png"));
        Assert.That(run.Error, Does.Contain("broken.png"));
        ToolRun.Of("neighbors", "cifar10_quick", "--weights", "xavier", "--images", pictures, "--query", Path.Combine(pictures, "broken.png")).MustFail(ExitCode.Data, "broken.png");
    }

    [Test]
    public void What_is_wrong_is_said_before_the_work()
    {
        string pictures = Pictures(3);
        string[] line = ["neighbors", "cifar10_quick", "--images", pictures];
        Assert.Multiple(() =>
        {
            ToolRun.Of("neighbors", "cifar10_quick", "--weights", "xavier").MustFail(ExitCode.Usage, "no pictures: give one of --images DIR");
            ToolRun.Of([.. line, "--weights", "xavier", "msra", "--node", "a", "b", "c"]).MustFail(ExitCode.Usage, "--node was given 3 times for 2 columns");
            ToolRun.Of([.. line, "--weights", "xavir"]).MustFail(ExitCode.Usage, "did you mean xavier?");
            ToolRun.Of([.. line, "--weights", "xavier", "--node", "conv33"]).MustFail(ExitCode.Usage, "no node named conv33; did you mean conv3?");
            ToolRun.Of([.. line, "--weights", "xavier", "--node", "data"]).MustFail(ExitCode.Usage, "data is the picture itself");
            ToolRun.Of([.. line, "--weights", folder["none.safetensors"]]).MustFail(ExitCode.Data, "none.safetensors");
            ToolRun.Of([.. line, "--weights", "xavier", "--queries", "3"]).MustFail(ExitCode.Data, "none is left to be a neighbour");
            ToolRun.Of([.. line, "--weights", "xavier", "--picture", folder["a.gif"]]).MustFail(ExitCode.Usage, "a picture is written as .png or .jpg");
            ToolRun.Of([.. line, "--weights", "xavier", "--out", folder["no/a.html"]]).MustFail(ExitCode.Data, "there is no folder");
            ToolRun.Of([.. line, "--weights", "xavier", "--distance", "cosin"]).MustFail(ExitCode.Usage, "did you mean cosine?");
        });
    }
}
