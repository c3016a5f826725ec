using EvenNet.Cli;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Tests.House;

namespace EvenNet.Tests.Samples;

/// <summary>The README's example compiles and runs, its commands exist, and its options are those of the commands.</summary>
public sealed class ReadmeTests
{
    private static string Readme => File.ReadAllText(Repository.Path("README.md"));

    [Test]
    public void The_example_runs_and_is_what_the_readme_shows()
    {
        using var folder = new TemporaryFolder();
        Cli.PictureFolder.Make(folder["photographs"], 12);
        Example(folder["photographs"], folder["net.safetensors"]);
        Assert.That(new FileInfo(folder["net.safetensors"]).Length, Is.GreaterThan(100_000));

        string[] source = File.ReadAllLines(Repository.Path("Tests/Samples/ReadmeTests.cs"));
        int begin = Array.FindIndex(source, l => l.Trim() == "// README begins"), end = Array.FindIndex(source, l => l.Trim() == "// README ends");
        string example = string.Join('\n', source[(begin + 1)..end].Select(l => l.Length >= 8 ? l[8..] : ""));
        Assert.That(Readme, Does.Contain($"```csharp\n{example}\n```"));
    }

    [Test]
    public void Every_command_of_the_tool_has_a_line_and_every_option_named_there_exists()
    {
        string[] lines = [.. Readme.Split('\n').Where(l => l.StartsWith("| `evennet ", StringComparison.Ordinal))];
        // A command with commands of its own has a line for each of those, unless they are the same for several kinds of data.
        (string Name, System.CommandLine.Command[] Commands)[] commands = [.. EvenNetTool.Verbs.SelectMany(v => v.Subcommands.Count == 0 ? [(v.Name, [v])]
            : v is TrainVerb or EvalVerb ? [($"{v.Name} KIND", [.. v.Subcommands])]
            : v.Subcommands.Select(s => ($"{v.Name} {s.Name}", new[] { s })))];
        Assert.That(lines, Has.Length.EqualTo(commands.Length));
        foreach (((string name, System.CommandLine.Command[] same), string line) in commands.Zip(lines))
        {
            Assert.That(line, Does.Match($"^\\| `evennet {name}[ `]"));
            IEnumerable<string> known = same.SelectMany(c => c.Options).SelectMany(o => o.Aliases.Append(o.Name));
            IEnumerable<string> named = line.Split(' ', '`', '|', ',', '…').Where(word => word.StartsWith('-'));
            Assert.That(named.Except(known), Is.Empty, name);
        }
    }

    private static void Example(string photographs, string weights)
    {
        // README begins
        Node scores = Node.Input("data", 3, 64, 64)
            .Convolution("conv1", 32, kernel: 5, stride: 2).Relu().MaxPool("pool1", 3, stride: 2)
            .Convolution("conv2", 64, kernel: 3, pad: 1).Relu().MaxPool("pool2", 3, stride: 2)
            .InnerProduct("fc3", 128).Relu().InnerProduct("fc4", 10);

        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(Graph.Of(scores), cpu);
        var loader = new ImageLoader(new ImageFiles(new JpegDecoder()), new ImageTransform(64, 64));
        Batch images = loader.Load(ImageSource.Folder(photographs).Sample(160, seed: 1)).Batch;

        InitReport report = Initializer.Run(parameters, images.Data, images.Count, new InitOptions { Method = "kmeans" });
        foreach (LayerRate layer in report.Rates.Layers) Console.WriteLine($"{layer.Name}  change rate {layer.Rate:E2}");
        Checkpoint.Save(parameters, weights);
        // README ends
    }
}
