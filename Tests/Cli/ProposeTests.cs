using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Detection;

namespace EvenNet.Tests.Cli;

public sealed class ProposeTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => folder.Dispose();

    [Test]
    public void Boxes_of_a_folder_are_written_the_same_for_any_number_of_threads([Values("b.npz", "b.txt")] string name)
    {
        PictureFolder.Make(folder["pictures"], 3);
        JsonElement json = ToolRun.Of("detect", "propose", "--images", folder["pictures"], "--out", folder[name], "--threads", "3", "--json").Json;
        byte[] three = File.ReadAllBytes(folder[name]);
        Assert.That(ToolRun.Of("detect", "propose", "--images", folder["pictures"], "--out", folder[name], "--threads", "1").ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(folder[name]), Is.EqualTo(three));
        ProposalFile read = ProposalFile.Read(folder[name]);
        Assert.That(read.Names, Is.EqualTo(new[] { "picture-00", "picture-01", "picture-02" }));
        Assert.That(json.GetProperty("pictures").GetInt32(), Is.EqualTo(3));
        Assert.That(json.GetProperty("boxes").GetInt64(), Is.EqualTo(read.Count).And.GreaterThan(10));
        Assert.That(json.GetProperty("searched").GetInt32(), Is.EqualTo(3));
        Assert.That(json.GetProperty("processorSecondsPerPicture").GetDouble(), Is.Positive);
        Assert.That(json.GetProperty("recall").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void Annotations_are_held_against_the_boxes_of_a_file()
    {
        PictureFolder.Make(folder["pictures"], 2);
        Directory.CreateDirectory(folder["xml"]);
        for (int i = 0; i < 2; i++)
            File.WriteAllText(folder[$"xml/picture-0{i}.xml"], "<annotation><size><width>64</width><height>48</height></size><object><name>dog</name><bndbox><xmin>11</xmin><ymin>11</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object></annotation>");
        File.WriteAllText(folder["b.txt"], "picture-00 0 0 5 5\npicture-00 10 10 29 29\npicture-01\n");
        string[] line = ["detect", "propose", "--images", folder["pictures"], "--annotations", folder["xml"], "--from", folder["b.txt"]];
        JsonElement recall = ToolRun.Of([.. line, "--json"]).Json.GetProperty("recall");
        Assert.That(recall.GetProperty("objects").GetInt32(), Is.EqualTo(2));
        Assert.That(recall.GetProperty("byCount").EnumerateArray().Last().GetProperty("at50").GetDouble(), Is.EqualTo(0.5));
        ToolRun one = ToolRun.Of([.. line, "--most", "1", "--out", folder["out.npz"]]);
        Assert.That(one.ExitCode, Is.Zero, one.Error);
        Assert.That(one.Output, Does.Contain("0.0 %").And.Contain(folder["out.npz"]));
        Assert.That(ProposalFile.Read(folder["out.npz"]).Of("picture-00"), Has.Count.EqualTo(1));
    }

    [Test]
    public void What_was_found_is_kept_and_not_searched_again()
    {
        PictureFolder.Make(folder["pictures"], 2);
        string[] line = ["detect", "propose", "--images", folder["pictures"], "--cache", folder["kept"], "--json"];
        Assert.That(ToolRun.Of(line).Json.GetProperty("searched").GetInt32(), Is.EqualTo(2));
        JsonElement again = ToolRun.Of(line).Json;
        Assert.That(again.GetProperty("cached").GetInt32(), Is.EqualTo(2));
        Assert.That(again.GetProperty("processorSecondsPerPicture").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void What_is_wrong_is_said_before_the_work()
    {
        PictureFolder.Make(folder["pictures"], 2);
        string picture = Path.Combine(folder["pictures"], "picture-00.png");
        Assert.Multiple(() =>
        {
            ToolRun.Of("detect").MustFail(ExitCode.Usage, "detect needs one of its commands");
            ToolRun.Of("detect", "propose").MustFail(ExitCode.Usage, "no pictures: name some, or give one of --images DIR");
            ToolRun.Of("detect", "propose", picture, "--images", folder["pictures"]).MustFail(ExitCode.Usage, "exclude one another");
            ToolRun.Of("detect", "propose", picture, "--out", folder["b.csv"]).MustFail(ExitCode.Usage, "boxes are written to .npz and .txt");
            ToolRun.Of("detect", "propose", picture, "--out", folder["no/b.txt"]).MustFail(ExitCode.Data, "there is no folder");
            ToolRun.Of("detect", "propose", picture, "--colours", "rgb").MustFail(ExitCode.Usage, "--colours: there is no rgb");
            ToolRun.Of("detect", "propose", picture, picture, "--out", folder["b.txt"]).MustFail(ExitCode.Data, "have one name");
            ToolRun.Of("detect", "propose", picture, "--from", folder["b.mat"]).MustFail(ExitCode.Data, "b.mat");
            ToolRun.Of("detect", "propose", folder["none.png"]).MustFail(ExitCode.Data, "none.png");
        });
        File.WriteAllText(folder["b.txt"], "1 2 3\n");
        ToolRun.Of("detect", "propose", picture, "--from", folder["b.txt"]).MustFail(ExitCode.Data, "b.txt: line 1 (byte 0)");
        File.WriteAllText(folder["broken.png"], "no picture");
        ToolRun.Of("detect", "propose", picture, folder["broken.png"]).MustFail(ExitCode.Data, "broken.png");
    }
}
