using System.Globalization;
using System.Text.RegularExpressions;
using EvenNet.Tests.House;

namespace EvenNet.Tests.Samples;

public sealed partial class TrainTests
{
    [Test]
    public void The_sample_learns_from_the_bundled_photographs()
    {
        var output = new StringWriter();
        int code = Train.Training.Run([Repository.Path("tools/Cli/Photographs"), "kmeans", "40"], output);
        Assert.That(code, Is.Zero, output.ToString());
        Assert.That(output.ToString(), Does.Contain("16 pictures of 16 classes"));
        double[] losses = [.. Loss().Matches(output.ToString()).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.That(losses, Has.Length.EqualTo(2));
        // ln 16 = 2.77 is chance.
        Assert.That(losses[1], Is.LessThan(1.5).And.LessThan(losses[0]));
    }

    [Test]
    public void Class_folders_are_classes()
    {
        using var folder = new TemporaryFolder();
        Cli.PictureFolder.Make(folder["cats"], 3);
        Cli.PictureFolder.Make(folder["dogs"], 2, seed: 6);
        var output = new StringWriter();
        Assert.That(Train.Training.Run([folder.Path, "gaussian", "2"], output), Is.Zero);
        Assert.That(output.ToString(), Does.Contain("5 pictures of 2 classes").And.Contain("iter 2/2  loss"));
    }

    [Test]
    public void Without_pictures_its_usage_is_shown()
    {
        var output = new StringWriter();
        Assert.That(Train.Training.Run([], output), Is.EqualTo(1));
        Assert.That(output.ToString(), Does.Contain("usage: PICTURES").And.Contain("kmeans"));
    }

    [GeneratedRegex(@"loss (\d+\.\d+)")]
    private static partial Regex Loss();
}
