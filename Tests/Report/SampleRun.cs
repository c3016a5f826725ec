using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Folders of trainings with made-up numbers of the sizes that real runs have.</summary>
internal static class SampleRun
{
    private static readonly string[] Layers = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"];
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 30, 0, TimeSpan.Zero);

    /// <summary>A run whose loss falls from 14 to 6 with the time constant <paramref name="pace"/>, as a share of its iterations.</summary>
    public static string Write(string folder, string name, double pace, int iterations = 400, ulong seed = 1, bool isMultiLabel = true, bool hasRates = true, RunOutcome? outcome = RunOutcome.Finished, int every = 1)
    {
        Directory.CreateDirectory(folder);
        var random = new System.Random((int)seed + name.Length);
        using (MetricsFile metrics = MetricsFile.Create(Path.Combine(folder, MetricsFile.FileName)))
        {
            for (int i = every; i <= iterations; i += every)
            {
                double t = (double)i / iterations, loss = 6 + 8 * Math.Exp(-t / pace);
                metrics.Write(i, "train", Pair("loss", loss * (0.88 + 0.24 * random.NextDouble())), Pair("rate", t < 0.5 ? 1e-3 : 5e-4), Pair("images/s", 48 + 6 * random.NextDouble()), Pair("wait", 0.02 + 0.03 * random.NextDouble()), Pair("seconds", 0.2 * i));
                if (hasRates && (i / every) % Math.Max(1, iterations / every / 40) == 0)
                    metrics.Write(i, "rates", [.. Layers.Select((l, n) => Pair($"{l}.rate", 0.1 * Math.Exp(0.5 * Math.Sin(n + 3 * t) + (pace > 0.3 ? 0.5 * (n - 7) : 0)))), .. Layers.Select((l, n) => Pair($"{l}.update", 1e-3 * Math.Exp(-t + 0.2 * n)))]);
                if ((i / every) % Math.Max(1, iterations / every / 10) == 0)
                    metrics.Write(i, "test", Pair("loss", loss + 0.4), Pair(isMultiLabel ? "map" : "top1", 0.12 + 0.4 * (1 - Math.Exp(-t / pace)) - (t > 0.9 ? 0.01 : 0)), Pair("seconds", 0.2 * i));
            }
        }
        Evaluation(random, isMultiLabel, 0.3 / (0.3 + pace)).Write(new RunFiles(folder).Evaluation);
        RunRecord record = new RunRecord
        {
            Name = name,
            Settings = new Dictionary<string, string> { ["net"] = "caffenet", ["init"] = name, ["iterations"] = $"{iterations}", ["batch"] = "10", ["rate"] = "0.001", ["solver"] = "sgd", ["seed"] = $"{seed}" },
            Seed = seed,
            Versions = new Dictionary<string, string> { ["evennet"] = "0.1.0", [".NET"] = "10.0.1" },
            Machine = RunMachine.Of("cpu: 2 threads"),
        }.Begin($"evennet train voc --net caffenet --init {name}", Start);
        if (outcome is { } ended) record = record.End(Start.AddSeconds(0.2 * iterations), iterations, ended);
        record.Write(folder);
        return folder;
    }

    public static EvaluationRecord Evaluation(System.Random random, bool isMultiLabel, double skill)
    {
        const int Samples = 400;
        Dataset set = new Labelled(isMultiLabel ? VocDataset.ClassNames : ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "lorry"], Samples, isMultiLabel, random);
        var scores = new ScoreTable(Samples, set.Classes.Count);
        float[] row = new float[set.Classes.Count];
        for (int i = 0; i < Samples; i++)
        {
            for (int c = 0; c < row.Length; c++)
            {
                bool isOf = isMultiLabel ? set.Label(i)[c] == 1 : (int)set.Label(i)[0] == c;
                row[c] = (float)(random.NextDouble() + (isOf ? skill * (0.6 + 0.05 * c) : 0));
            }
            scores.Add(i, row);
        }
        return EvaluationRecord.Of(new Evaluation(set, scores, views: 1, loss: 6.4, seconds: 3)) with { Iteration = 400 };
    }

    private static KeyValuePair<string, double> Pair(string name, double value) => new(name, value);

    private sealed class Labelled(IReadOnlyList<string> classes, int samples, bool isMultiLabel, System.Random random)
        : Dataset("VOC2007", "test", classes, 3, [.. Enumerable.Range(0, isMultiLabel ? samples * classes.Count : samples).Select(_ => isMultiLabel ? (random.NextDouble() < 0.12 ? 1f : 0) : random.Next(classes.Count))], isMultiLabel)
    {
        public override string NameOf(int index) => $"{index}";

        public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null) => throw new NotSupportedException("it has no pictures");
    }
}
