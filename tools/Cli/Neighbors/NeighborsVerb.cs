using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Models;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>The pictures that nets hold for the most alike: the paper's Figure 2.</summary>
internal sealed class NeighborsVerb : Verb
{
    // Of the pictures' JPEG, 1 to 100.
    private const int Quality = 80;

    private readonly Argument<string[]> nets = new("NET") { Description = $"Nets to compare: {string.Join(", ", Nets.All.Take(4).Select(n => n.Name))}, …, or files: {ModelFormats.List(f => f.HoldsNet)}. One serves all --weights.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string[]> weights = new("--weights") { Description = $"Weights for each net: files ({ModelFormats.List(f => f.HoldsWeights)}), or initializations made here: {string.Join(", ", InitMethods.Names)}.", HelpName = "FILE|METHOD", AllowMultipleArgumentsPerToken = true, Required = true };
    private readonly Option<string[]> nodes = new("--node") { Description = "The node whose values are compared, one for all nets or one each; by default what the last layer with parameters reads.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string[]> names = new("--name") { Description = "What the nets are called in the result.", HelpName = "TEXT", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> average = new("--average") { Description = "Compare the mean of each channel instead of its values at all positions." };
    private readonly Option<string?> folder = new("--images") { Description = "A folder of pictures: JPEG, PNG, PPM, PGM.", HelpName = "DIR" };
    private readonly Option<bool> recursive = new("--recursive") { Description = "With --images: those of its sub-folders too." };
    private readonly Option<string?> list = new("--list") { Description = "A file with a path a line.", HelpName = "FILE" };
    private readonly Option<string?> voc = new("--voc") { Description = "A PASCAL VOC data set: VOCdevkit, or a year's folder in it.", HelpName = "DIR" };
    private readonly Option<string> split = new("--split") { Description = "With --voc: the split.", HelpName = "NAME", DefaultValueFactory = _ => "trainval" };
    private readonly Option<string[]> asked = new("--query") { Description = "Pictures to find neighbours of; the pool is then all others.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int> queries = new("--queries") { Description = "Without --query: how many, chosen at random by the seed; they are taken out of the pool.", HelpName = "N", DefaultValueFactory = _ => 20 };
    private readonly Option<int> most = new("--neighbors", "-k") { Description = "Neighbours of each query.", HelpName = "N", DefaultValueFactory = _ => 5 };
    private readonly Option<string> distance = new Option<string>("--distance") { Description = "euclidean or cosine.", HelpName = "NAME", DefaultValueFactory = _ => "euclidean" }.RequireOneOf([.. Enum.GetNames<FeatureDistance>().Select(n => n.ToLowerInvariant())]);
    private readonly Option<bool> crop = new("--crop") { Description = "Resize the shorter side and cut out the middle, instead of warping the whole picture to the input's size." };
    private readonly PreprocessChoice preprocess;
    private readonly Option<int> batch = new("--batch") { Description = "Pictures at a time.", HelpName = "N", DefaultValueFactory = _ => 32 };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of all random numbers.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly DeviceChoice device;
    private readonly Option<string?> output = new("--out", "-o") { Description = "Write a page with all rows here: one HTML file that needs nothing else.", HelpName = "FILE" };
    private readonly Option<string?> picture = new("--picture") { Description = "Write all rows as one picture here: .png or .jpg.", HelpName = "FILE" };
    private readonly Option<int> side = new("--side") { Description = "Pixels of a small picture.", HelpName = "N", DefaultValueFactory = _ => 64 };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public NeighborsVerb() : base("neighbors", "Finds for some pictures those that nets hold for the most alike, and shows several nets side by side.",
        "evennet neighbors caffenet --weights xavier kmeans.safetensors --node fc7 --images PHOTOS --out near.html",
        "evennet neighbors caffenet deploy.prototxt --weights kmeans.safetensors trained.caffemodel --voc VOCdevkit --queries 100 --distance cosine --picture near.png",
        "evennet neighbors deploy.prototxt --weights trained.caffemodel --images PHOTOS --query cat.jpg --json")
    {
        Arguments.Add(nets);
        foreach (Option option in (Option[])[weights, nodes, names, average, folder, recursive, list, voc, split, asked, queries, most, distance, crop]) Add(option);
        preprocess = new PreprocessChoice(this);
        foreach (Option option in (Option[])[batch, seed]) Add(option);
        device = new DeviceChoice(this);
        foreach (Option option in (Option[])[output, picture, side, json]) Add(option);
        foreach (Option<int> option in (Option<int>[])[queries, most, batch, side]) option.RequireAtLeast(1);
        Validators.Add(result =>
        {
            int sources = ((Option[])[folder, list, voc]).Count(o => result.GetResult(o) is not null);
            if (sources == 0) result.AddError("no pictures: give one of --images DIR, --list FILE, --voc DIR");
            if (sources > 1) result.AddError("--images, --list and --voc exclude one another");
            int columns = Math.Max(result.GetResult(nets)?.Tokens.Count ?? 0, result.GetResult(weights)?.Tokens.Count ?? 0);
            foreach ((string name, int count, bool mayLack) in new[] { ("NET", result.GetResult(nets)?.Tokens.Count ?? 0, false), ("--weights", result.GetResult(weights)?.Tokens.Count ?? 0, false), ("--node", result.GetResult(nodes)?.Tokens.Count ?? 0, true) })
                if (count != columns && count != 1 && !(mayLack && count == 0)) result.AddError($"{name} was given {count} times for {columns} columns; give it once, or once for each");
            if (result.GetResult(names)?.Tokens.Count is > 0 and int called && called != columns) result.AddError($"--name was given {called} times for {columns} columns");
        });
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        foreach (Option<string?> file in (Option<string?>[])[output, picture]) CheckTarget(file.Name, options.GetValue(file));
        if (options.GetValue(picture) is { } target && !IsPicture(target)) throw new ToolException(ExitCode.Usage, $"--picture {target}: a picture is written as .png or .jpg");
        if (options.GetValue(picture) is { } sheet && !IsPng(sheet) && !JpegEncoder.Library.IsFound) throw new ToolException(ExitCode.Device, $"--picture {sheet}: JPEG needs libturbojpeg, which is not there; write a .png");
        ImageSource source = Source(options);
        FeatureNet[] columns = Columns(options, ui);
        using Backend backend = device.Open(options, ui);
        using var jpeg = new JpegDecoder();
        var files = new ImageFiles(jpeg);
        ClassAgreement? classes = options.GetValue(voc) is { } set ? ClassAgreement.OfVoc(set, options.GetValue(split)!, files) : null;
        string[] named = options.GetValue(asked) ?? [];
        PictureReader pictures = PictureReader.Of(files, named, source, device.Threads(options), ui, cancellation);
        (int[] query, int[] pool) = Split(pictures.Paths, named, options.GetValue(queries), options.GetValue(seed));
        if (pool.Length == 0) throw new ToolException(ExitCode.Data, $"{source.Name} has {pictures.Paths.Count} pictures, and {query.Length} of them are queries: none is left to be a neighbour; give fewer --queries");
        ui.Note("pictures", $"{Text.Count(query.Length)} queries, {Text.Count(pool.Length)} others of {source.Name}");

        FeatureDistance by = Enum.Parse<FeatureDistance>(options.GetValue(distance)!, ignoreCase: true);
        var features = new FeatureOptions(options.GetValue(average), options.GetValue(batch), options.GetValue(seed));
        var results = new List<NeighborsNet>();
        var answers = new List<Neighbour[][]>();
        foreach (FeatureNet net in columns)
        {
            var clock = Stopwatch.StartNew();
            float[] all = net.Features(pictures, options.GetValue(crop) ? ImageFit.Crop : ImageFit.Warp, t => preprocess.On(t, options, net.Info), features, backend, ui, cancellation);
            double featureSeconds = clock.Elapsed.TotalSeconds;
            clock.Restart();
            int dimensions = net.Dimensions(features.Average);
            Neighbour[][] found = NearestNeighbours.Find(backend, Rows(all, query, dimensions), Rows(all, pool, dimensions), dimensions, options.GetValue(most), by, cancellation);
            answers.Add([.. found.Select(row => (Neighbour[])[.. row.Select(n => n with { Index = pool[n.Index] })])]);
            double? same = classes?.Share(found.Select((row, i) => (pictures.Paths[query[i]], row.Select(n => pictures.Paths[pool[n.Index]]))));
            results.Add(new NeighborsNet(net.Name, net.Net, net.WeightsName, net.NodeName, dimensions, same, featureSeconds, clock.Elapsed.TotalSeconds));
            ui.Note("features", $"{net.Name}: {Text.Count(dimensions)} values of {net.NodeName}, {Text.Duration(featureSeconds)}; neighbours {Text.Duration(clock.Elapsed.TotalSeconds)}");
        }
        double? chance = classes?.Share(query.Select(q => (pictures.Paths[q], pool.Select(p => pictures.Paths[p]))));
        Write(options, source, pictures, query, pool.Length, results, answers, chance, backend, ui, cancellation);
        return ExitCode.Ok;
    }

    private void Write(ParseResult options, ImageSource source, PictureReader pictures, int[] query, int pool, List<NeighborsNet> nets, List<Neighbour[][]> answers, double? chance, Backend backend, Ui ui, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        string? page = options.GetValue(output), sheet = options.GetValue(picture);
        int[] shown = [.. query.Concat(answers.SelectMany(a => a.SelectMany(row => row.Select(n => n.Index)))).Distinct().Order()];
        Dictionary<int, int> place = shown.Select((index, i) => (index, i)).ToDictionary(p => p.index, p => p.i);
        var small = new Image[shown.Length];
        if (page is not null || sheet is not null) backend.For(shown.Length, i => small[i] = Thumbnail.Square(pictures.Open(shown[i]), options.GetValue(side)));
        var report = new NeighbourReport(
            $"Nearest neighbours, {string.Join(", ", nets.Select(n => n.Name))}", Reporting.Command(options),
            $"{query.Length} queries among {pool} other pictures of {source.Name}; {options.GetValue(distance)} distance.",
            [.. nets.Select(n => new NeighbourNet(n.Name, $"{n.Net}, {n.Weights}: {n.Dimensions} values of {n.Node}"))],
            [.. shown.Select((index, i) => new NeighbourPicture(pictures.Paths[index], small[i]))],
            [.. query.Select((q, i) => new NeighbourQuery(place[q], [.. answers.Select(a => (Neighbour[])[.. a[i].Select(n => n with { Index = place[n.Index] })])]))]);
        if (page is not null) NeighbourPage.Write(page, report, Encoder());
        if (sheet is not null)
        {
            byte[] file = (IsPng(sheet) ? new PngEncoder() : Encoder()).Encode(ContactSheet.Draw(report));
            AtomicFile.Write(sheet, stream => stream.Write(file), file.Length, cancellation);
        }
        if (options.GetValue(json))
        {
            ui.Raw(ToolJson.Write(new NeighborsResult(options.GetValue(distance)!, pool, pictures.Skipped, nets,
                [.. report.Queries.Select(q => new NeighborsQuery(report.Pictures[q.Picture].Name, [.. q.Answers.Select(a => (IReadOnlyList<NeighborFile>)[.. a.Select(n => new NeighborFile(report.Pictures[n.Index].Name, n.Distance))])]))], chance, page, sheet)));
            return;
        }
        if (page is null && sheet is null)
            foreach (NeighbourQuery q in report.Queries) Print(report, q, ui);
        if (chance is { } byChance)
        {
            foreach (NeighborsNet net in nets) ui.Result("classes", $"{net.Name}: {Text.Fixed(100 * net.SameClass!.Value, 1)} % of the neighbours show a class of their query");
            ui.Result("", $"by chance {Text.Fixed(100 * byChance, 1)} %");
        }
        foreach (string? file in (string?[])[page, sheet])
            if (file is not null) ui.Result("wrote", file);
    }

    private static void Print(NeighbourReport report, NeighbourQuery query, Ui ui)
    {
        ui.Result(report.Pictures[query.Picture].Name);
        for (int n = 0; n < report.Nets.Count; n++)
            ui.Result($"  {report.Nets[n].Name}: {string.Join("  ", query.Answers[n].Select(a => $"{Path.GetFileName(report.Pictures[a.Index].Name)} {Text.Ratio(a.Distance)}"))}");
    }

    private ImageSource Source(ParseResult options) =>
        options.GetValue(folder) is { } f ? ImageSource.Folder(f, options.GetValue(recursive))
        : options.GetValue(list) is { } l ? ImageSource.ListFile(l)
        : ImageSource.Voc(options.GetValue(voc)!, options.GetValue(split)!);

    private FeatureNet[] Columns(ParseResult options, Ui ui)
    {
        string[] net = options.GetRequiredValue(nets), file = options.GetRequiredValue(weights), node = options.GetValue(nodes) ?? [], name = options.GetValue(names) ?? [];
        return [.. Enumerable.Range(0, Math.Max(net.Length, file.Length)).Select(i => new FeatureNet(At(name, i), At(net, i)!, At(file, i)!, At(node, i), ui))];

        static string? At(string[] values, int index) => values.Length == 0 ? null : values[values.Length == 1 ? 0 : index];
    }

    // Places of queries and of the pool. A picture that was named as a query is no neighbour, whichever way its path was written.
    private static (int[] Queries, int[] Pool) Split(IReadOnlyList<string> paths, string[] named, int count, ulong seed)
    {
        int[] all = [.. Enumerable.Range(0, paths.Count)];
        if (named.Length > 0)
        {
            HashSet<string> taken = [.. named.Select(Path.GetFullPath)];
            return ([.. all.Take(named.Length)], [.. all.Skip(named.Length).Where(i => !taken.Contains(Path.GetFullPath(paths[i])))]);
        }
        int[] order = [.. all];
        new Philox(seed, RandomPurpose.Order).Shuffle(order.AsSpan());
        HashSet<int> chosen = [.. order.Take(count)];
        return ([.. all.Where(chosen.Contains)], [.. all.Where(i => !chosen.Contains(i))]);
    }

    private static float[] Rows(float[] features, int[] rows, int dimensions)
    {
        float[] result = new float[(long)rows.Length * dimensions];
        for (int i = 0; i < rows.Length; i++) features.AsSpan(rows[i] * dimensions, dimensions).CopyTo(result.AsSpan(i * dimensions));
        return result;
    }

    private static bool IsPng(string path) => Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase);

    // Photographs are several times as large in PNG, but a page shows either.
    private static IImageEncoder Encoder() => JpegEncoder.Library.IsFound ? new JpegEncoder(Quality) : new PngEncoder();

    private static bool IsPicture(string path) => Path.GetExtension(path).ToLowerInvariant() is ".png" or ".jpg" or ".jpeg";

    // Fails now, and not after the work, where the file could not be written.
    private static void CheckTarget(string option, string? path)
    {
        if (path is null) return;
        if (Directory.Exists(path)) throw new ToolException(ExitCode.Data, $"{option} {path} is a folder; name a file in it");
        string place = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(place)) throw new ToolException(ExitCode.Data, $"{option} {path}: there is no folder {place}");
    }
}
