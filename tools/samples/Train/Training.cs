using System.Diagnostics;
using System.Globalization;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Train;

/// <summary>
/// The plain training loop, from an initialization of choice:
/// <code>dotnet run -c Release --project tools/samples/Train -- PICTURES [method] [iterations] [net]</code>
/// PICTURES has a sub-folder for each class; tools/Cli/Photographs will do.
/// </summary>
internal static class Training
{
    private const int Batch = 16, InitImages = 64;

    private const ulong Seed = 1;

    public static int Run(string[] args, TextWriter output)
    {
        if (args.Length is 0 or > 4)
        {
            output.WriteLine($"usage: PICTURES [{string.Join('|', InitMethods.Names)}] [iterations] [{string.Join('|', Nets.All.Select(n => n.Name))}]");
            return 1;
        }
        string method = args.ElementAtOrDefault(1) ?? "kmeans";
        int iterations = int.Parse(args.ElementAtOrDefault(2) ?? "200", CultureInfo.InvariantCulture);
        NetInfo info = Nets.Find(args.ElementAtOrDefault(3) ?? "caffenet-mini");

        // Data.
        Shape input = info.Graph().Nodes.Single(n => n.Layer is Input).Shape;
        LabelledPictures pictures = LabelledPictures.Open(args[0], new ImageTransform(input) { Mean = new BgrMean(info.Mean.Blue, info.Mean.Green, info.Mean.Red) });
        output.WriteLine($"{pictures.Count} pictures of {pictures.Classes} classes");

        // The net, with its loss.
        using Backend backend = Backends.Open("cpu");
        Node loss = info.Outputs(pictures.Classes)[^1].SoftmaxLoss(Node.Input("label", 1));
        Graph graph = Graph.Of(loss);
        using var parameters = new ParameterSet(graph, backend);

        // Its initialization, from some of the pictures and no label.
        (float[] few, _) = pictures.Draw(InitImages, new Philox(Seed, RandomPurpose.Order));
        InitReport report = Initializer.Run(parameters, few, InitImages, new InitOptions { Method = method, Fills = info.Fills, Seed = Seed });
        output.WriteLine(Invariant($"{method}: largest over smallest change rate {report.Rates.Flatness:F2}"));

        // Training.
        using var net = new Net(parameters, Batch);
        using var solver = new SgdSolver(parameters) { Rate = Schedule.Step(0.002f, factor: 0.5f, every: 500), Momentum = 0.9f, Decay = 5e-4f };
        var clock = Stopwatch.StartNew();
        double smooth = 0;
        for (int i = 0; i < iterations; i++)
        {
            (float[] images, float[] labels) = pictures.Draw(Batch, new Philox(Seed, RandomPurpose.Order, 1, (uint)i));
            net.Load(graph["data"], images);
            net.Load(graph["label"], labels);
            net.Forward();
            solver.Step(net);
            smooth = i == 0 ? net.Loss : 0.9 * smooth + 0.1 * net.Loss;
            if (!double.IsFinite(smooth))
            {
                output.WriteLine($"iter {i + 1}: the loss is no number any more; try another initialization or a lower rate");
                return 4;
            }
            if ((i + 1) % 20 == 0 || i + 1 == iterations)
                output.WriteLine(Invariant($"iter {i + 1}/{iterations}  loss {smooth:F4}  rate {solver.CurrentRate:E1}  {(i + 1) * Batch / clock.Elapsed.TotalSeconds:F0} img/s"));
        }
        return 0;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
