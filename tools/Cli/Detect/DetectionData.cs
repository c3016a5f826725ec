using System.CommandLine;
using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Which pictures, what is proposed in them, and at which sizes they are seen.</summary>
internal sealed class DetectionData
{
    private readonly Option<string> place;
    private readonly Option<int?> year, testCount, longest, testLongest, mostProposals;
    private readonly Option<string?> split, testSplit, proposals, testProposals;
    private readonly Option<int[]>? sides;
    private readonly Option<int> testSide;
    private readonly Option<bool>? manySides, noMirror;
    private readonly Option<BgrMean?> mean;

    /// <param name="set">Gets the options.</param>
    /// <param name="isEvaluation">Only those of judging.</param>
    public DetectionData(TrainingOptionSet set, bool isEvaluation = false)
    {
        place = set.Add<string>("voc", set.Kind.Place, "DIR");
        year = set.Add<int?>("year", "Which year of several.", "N");
        split = isEvaluation ? new("--split") : set.Add<string?>("split", "The part that is learned from.", "NAME");
        testSplit = set.Add<string?>("test-split", $"The part that is judged on; test by default, where it is there{(isEvaluation ? "" : $". «{TrainingData.NoTest}» judges nothing")}.", "NAME");
        testCount = set.Add<int?>("eval-count", "Judge on so many pictures, chosen at random by the seed; all by default.", "N");
        proposals = isEvaluation ? new("--proposals") : set.Add<string?>("proposals", $"Where objects may be, in the pictures that are learned from: {ProposalChoice.Kinds}.", "FILE");
        testProposals = set.Add<string?>("test-proposals", $"The same for those that are judged on{(isEvaluation ? $": {ProposalChoice.Kinds}" : "; by default --proposals")}.", "FILE");
        mostProposals = set.Add<int?>("most-proposals", "Look at so many proposals of each picture that is judged on, the first; all by default.", "N");
        if (!isEvaluation)
        {
            sides = set.Add<int[]>("sides", "Pixels of the shorter side in training; of several one at random for each picture.", "N");
            sides.AllowMultipleArgumentsPerToken = true;
            sides.RequireAtLeast(1);
            manySides = set.Flag("multi-scale", $"Train at the sides {string.Join(", ", FastRcnnOptions.ManySides)}, none longer than {FastRcnnOptions.LongestOfMany}.");
            noMirror = set.Flag("no-mirror", "Do not learn from the mirror images.");
        }
        longest = isEvaluation ? new("--longest") : set.Add<int?>("longest", "No side is longer in training; 5/3 of the largest of --sides by default.", "N");
        testSide = set.Add<int>("test-side", "Pixels of the shorter side in the judgement.", "N");
        testLongest = set.Add<int?>("test-longest", "No side is longer in the judgement; 5/3 of --test-side by default.", "N");
        mean = set.Add<BgrMean?>("mean", "What is subtracted from blue, green and red; 102.9801,115.9465,122.7717 by default.", "B,G,R");
        mean.CustomParser = ImageChoice.ParseMean;
        foreach (Option<int?> option in (Option<int?>[])[testCount, longest, testLongest, mostProposals]) option.RequireAtLeast(1);
        testSide.RequireAtLeast(1);
    }

    /// <summary>The option of the data's path.</summary>
    public Option<string> Place => place;

    /// <summary>What is learned from.</summary>
    public DetectionSet Open(ParseResult options, ImageFiles files) => new(
        VocDataset.Open(options.GetRequiredValue(place), options.GetValue(split)!, files, options.GetValue(year)), ProposalChoice.Open(options.GetValue(proposals), files));

    /// <summary>What is judged on; null where there is nothing.</summary>
    public DetectionSet? OpenTest(ParseResult options, ImageFiles files, ulong seed)
    {
        (string path, string? named) = (options.GetRequiredValue(place), options.GetValue(testSplit));
        if (named == TrainingData.NoTest || named is null && !VocDataset.HasSplit(path, "test", options.GetValue(year))) return null;
        string? from = options.GetValue(testProposals) ?? options.GetValue(proposals);
        var all = new DetectionSet(VocDataset.Open(path, named ?? "test", files, options.GetValue(year)), ProposalChoice.Open(from, files));
        return options.GetValue(testCount) is { } count ? all.Take(count, seed) : all;
    }

    /// <summary>How pictures are seen; counts and seed are set with <c>with</c>.</summary>
    public FastRcnnOptions Options(ParseResult options)
    {
        int side = options.GetValue(testSide);
        var own = new FastRcnnOptions
        {
            TestSide = side,
            TestLongest = options.GetValue(testLongest) ?? Longest(side),
            Proposals = options.GetValue(mostProposals),
        };
        if (options.GetValue(mean) is { } given) own = own with { Mean = given };
        if (sides is null) return own;
        IReadOnlyList<int> training = options.GetValue(manySides!) ? FastRcnnOptions.ManySides : options.GetRequiredValue(sides);
        return own with
        {
            Sides = training,
            Longest = options.GetValue(longest) ?? (options.GetValue(manySides!) ? FastRcnnOptions.LongestOfMany : Longest(training.Max())),
            Mirror = !options.GetValue(noMirror!),
        };
    }

    // 600 and 1000.
    private static int Longest(int side) => (int)Math.Round(side * 5 / 3.0);
}
