using System.CommandLine;
using System.Diagnostics;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Cli;

/// <summary>Boxes where objects might be, by selective search or from a file, and how many of the annotated objects they find.</summary>
internal sealed class ProposeVerb : Verb
{
    // Of the pictures of a folder, list or data set; more broken ones than that are no accident.
    private const double MostBroken = 0.01;

    private readonly Argument<string[]> files = new("IMAGE") { Description = "Pictures: JPEG, PNG, PPM, PGM.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> folder = new("--images") { Description = "A folder of pictures.", HelpName = "DIR" };
    private readonly Option<bool> recursive = new("--recursive") { Description = "With --images: those of its sub-folders too." };
    private readonly Option<string?> list = new("--list") { Description = "A file with a path a line.", HelpName = "FILE" };
    private readonly Option<string?> voc = new("--voc") { Description = "A PASCAL VOC data set: VOCdevkit, or a year's folder in it.", HelpName = "DIR" };
    private readonly Option<string> split = new("--split") { Description = "With --voc: the split.", HelpName = "NAME", DefaultValueFactory = _ => "trainval" };
    private readonly Option<int> count = new("--count") { Description = "Only so many pictures, spread evenly over all; 0 takes all.", HelpName = "N" };
    private readonly Option<string?> annotations = new("--annotations") { Description = "A folder with VOC's annotations (NAME.xml) of the pictures: report how many objects the boxes find. Known with --voc.", HelpName = "DIR" };
    private readonly Option<string?> from = new("--from") { Description = "Take the boxes from this file instead of searching: .mat (as published for VOC), .npz, .txt.", HelpName = "FILE" };
    private readonly Option<string?> output = new("--out", "-o") { Description = "Write the boxes here: .npz (an array of each picture) or .txt (a line of each box).", HelpName = "FILE" };
    private readonly SearchChoice search;
    private readonly Option<int> threads = new("--threads") { Description = "Threads; 0 means one per processor.", HelpName = "N" };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public ProposeVerb() : base("propose", "Finds boxes where objects might be by selective search, writes them, and reports how many of the annotated objects they find.",
        "evennet detect propose photo.jpg --out boxes.txt", "evennet detect propose --voc VOCdevkit --split test --cache boxes --out test.npz", "evennet detect propose --voc VOCdevkit --split test --from voc_2007_test.mat --json")
    {
        Arguments.Add(files);
        foreach (Option option in (Option[])[folder, recursive, list, voc, split, count, annotations, from, output]) Add(option);
        search = new SearchChoice(this);
        Add(threads);
        Add(json);
        count.RequireAtLeast(0);
        threads.RequireAtLeast(0);
        Validators.Add(result =>
        {
            int sources = ((Option[])[folder, list, voc]).Count(o => result.GetResult(o) is not null) + (result.GetResult(files) is { Tokens.Count: > 0 } ? 1 : 0);
            if (sources == 0) result.AddError("no pictures: name some, or give one of --images DIR, --list FILE, --voc DIR");
            if (sources > 1) result.AddError("pictures, --images, --list and --voc exclude one another");
        });
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        ImageSource source = Source(options);
        string[] paths = Chosen(source.Paths, options.GetValue(count));
        string? target = options.GetValue(output);
        if (target is not null) CheckTarget(target, paths);
        string? known = options.GetValue(annotations) ?? (options.GetValue(voc) is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(paths[0]))!, "Annotations"));

        using var jpeg = new JpegDecoder();
        SearchedProposals? searched = options.GetValue(from) is null ? new SearchedProposals(new ImageFiles(jpeg), search.Settings(options), search.Cache(options), search.Most(options)) : null;
        IProposals proposals = searched ?? (IProposals)ProposalFile.Read(options.GetValue(from)!);
        ui.Note("pictures", $"{Text.Count(paths.Length)} of {source.Name}");
        ui.Note("boxes", searched is null ? proposals.Name : $"selective search{(search.Cache(options) is { } cache ? $", kept in {cache}" : "")}");

        var clock = Stopwatch.StartNew();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        int workers = options.GetValue(threads) is > 0 and int wanted ? wanted : Environment.ProcessorCount;
        var outcomes = new Outcome[paths.Length];
        ui.Track(progress => Propose(proposals, paths, outcomes, workers, progress, cancellation));
        double processorSeconds = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        List<string> skipped = Skipped(source, paths, outcomes, ui);

        PictureBoxes[] boxes = [.. outcomes.Zip(paths).Where(o => o.First.Error is null).Select(o => new PictureBoxes(PictureBoxes.NameOf(o.Second), First(o.First.Boxes!, search.Most(options))))];
        RecallResult? recall = known is null ? null : Recall(known, boxes, search.Most(options));
        if (target is not null) ProposalFile.Write(target, boxes, cancellation);
        var result = new ProposeResult(boxes.Length, boxes.Sum(b => (long)b.Boxes.Count), searched?.Searched ?? 0, searched?.Found ?? 0, skipped, clock.Elapsed.TotalSeconds,
            searched is { Searched: > 0 and int pictures } ? processorSeconds / pictures : null, target, recall);
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(result));
        else Print(result, ui);
        return ExitCode.Ok;
    }

    private ImageSource Source(ParseResult options) =>
        options.GetValue(files) is { Length: > 0 } named ? ImageSource.Of(named)
        : options.GetValue(folder) is { } f ? ImageSource.Folder(f, options.GetValue(recursive))
        : options.GetValue(list) is { } l ? ImageSource.ListFile(l)
        : ImageSource.Voc(options.GetValue(voc)!, options.GetValue(split)!);

    // Every so manieth, so that a small number says something of all.
    private static string[] Chosen(IReadOnlyList<string> paths, int count) =>
        count == 0 || count >= paths.Count ? [.. paths] : [.. Enumerable.Range(0, count).Select(i => paths[(int)((long)i * paths.Count / count)])];

    // Fails now, and not after the work, where the file could not be written.
    private static void CheckTarget(string target, string[] paths)
    {
        if (!ProposalFile.CanWrite(target)) throw new ToolException(ExitCode.Usage, $"--out {target}: boxes are written to {string.Join(" and ", ProposalFile.Written)}");
        string place = Path.GetDirectoryName(Path.GetFullPath(target))!;
        if (!Directory.Exists(place)) throw new ToolException(ExitCode.Data, $"--out {target}: there is no folder {place}");
        if (paths.GroupBy(PictureBoxes.NameOf).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new ToolException(ExitCode.Data, $"{same.First()} and {same.Last()} have one name, and boxes are kept by it: write them to two files");
    }

    private static bool Propose(IProposals proposals, string[] paths, Outcome[] outcomes, int workers, IProgress<InitProgress> progress, CancellationToken cancellation)
    {
        var order = new Lock();
        int done = 0, inside = proposals is SearchedProposals ? Math.Max(1, workers / paths.Length) : 1;
        Parallel.For(0, paths.Length, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation }, i =>
        {
            try
            {
                outcomes[i] = new Outcome(proposals is SearchedProposals searched ? searched.Of(paths[i], inside) : proposals.Of(paths[i]), null);
            }
            catch (Exception error) when (error is ImageFormatException { IsDecoderMissing: false } or FileNotFoundException or DirectoryNotFoundException)
            {
                outcomes[i] = new Outcome(null, error);
            }
            lock (order) progress.Report(new InitProgress("boxes", $"{++done} of {paths.Length}", (double)done / paths.Length));
        });
        return true;
    }

    private static List<string> Skipped(ImageSource source, string[] paths, Outcome[] outcomes, Ui ui)
    {
        var skipped = new List<string>();
        Exception? first = null;
        for (int i = 0; i < paths.Length; i++)
        {
            if (outcomes[i].Error is not { } error) continue;
            first ??= error;
            skipped.Add(paths[i]);
        }
        if (first is null) return skipped;
        if (source.IsExplicit || skipped.Count > Math.Max(1, (int)(MostBroken * paths.Length)) || skipped.Count == paths.Length) throw first;
        ui.Warn($"{skipped.Count} pictures could not be read and have no boxes: {first.Message}");
        return skipped;
    }

    private static IReadOnlyList<PixelBox> First(IReadOnlyList<PixelBox> boxes, int most) => boxes.Count <= most ? boxes : [.. boxes.Take(most)];

    private static RecallResult Recall(string folder, PictureBoxes[] pictures, int most)
    {
        var recall = new ProposalRecall();
        foreach (PictureBoxes picture in pictures) recall.Add(VocAnnotation.Read(Path.Combine(folder, picture.Name + ".xml")), picture.Boxes);
        int[] counts = [.. ((int[])[100, 500, 1000, 2000]).Where(n => n < most), .. most < int.MaxValue ? [most] : new[] { int.MaxValue }];
        return new RecallResult(recall.Pictures, recall.Objects,
            [.. counts.Select(n => new RecallRow(n, recall.MeanBoxes(n), recall.At(0.5, n), recall.At(0.7, n), recall.MeanBestOverlap(n)))],
            [.. VocDataset.ClassNames.Select((name, c) => new ClassRecall(name, recall.At(0.5, int.MaxValue, c)))]);
    }

    private static void Print(ProposeResult result, Ui ui)
    {
        ui.Result("pictures", $"{Text.Count(result.Pictures)}, {Text.Count(result.Boxes)} boxes, {Text.Fixed((double)result.Boxes / result.Pictures, 0)} each");
        if (result.Searched + result.Cached > 0)
            ui.Result("searched", $"{Text.Count(result.Searched)}{(result.ProcessorSecondsPerPicture is { } seconds ? $", {Text.Fixed(seconds)} s of a core each" : "")}; {Text.Count(result.Cached)} were kept from before");
        if (result.Recall is { } recall)
        {
            ui.Result("objects", $"{Text.Count(recall.Objects)} that are not difficult");
            ui.Result();
            var table = new TextTable("boxes at most", "boxes each", "found at 0.5", "at 0.7", "mean best overlap");
            foreach (RecallRow r in recall.ByCount)
                table.Add(r.Most == int.MaxValue ? "all" : $"{r.Most}", Text.Fixed(r.MeanBoxes, 0), $"{Text.Fixed(100 * r.At50, 1)} %", $"{Text.Fixed(100 * r.At70, 1)} %", Text.Fixed(r.MeanBestOverlap, 3));
            ui.Result(table);
        }
        if (result.Output is { } file) ui.Result("wrote", file);
    }

    private readonly record struct Outcome(IReadOnlyList<PixelBox>? Boxes, Exception? Error);
}
