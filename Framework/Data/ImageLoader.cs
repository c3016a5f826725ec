namespace EvenNet.Framework;

/// <summary>
/// Decodes and transforms pictures on several threads. The result depends on the sample alone: each picture has its place,
/// and a broken one's place goes to the next picture of the sample's order that has none.
/// </summary>
/// <param name="files">Opens the pictures.</param>
/// <param name="transform">Brings them to the net's input.</param>
/// <param name="threads">At most so many at a time; 0 means one per processor that the process may use.</param>
public sealed class ImageLoader(ImageFiles files, ImageTransform transform, int threads = 0)
{
    /// <summary>A side below this, in pixels, puts a picture on the list of those too small.</summary>
    public const int SmallSide = 16;

    // Of the pictures tried; more broken ones than that are no accident.
    private const double MostBroken = 0.01;

    /// <summary>Loads a sample.</summary>
    /// <param name="sample">Which pictures.</param>
    /// <param name="progress">Told how many of all are done, in growing order.</param>
    /// <param name="cancellation">Ends the work between two pictures.</param>
    /// <exception cref="ImageFormatException">A picture named one by one is broken, or the decoder for it is missing.</exception>
    /// <exception cref="ImageSourceException">More than 1 % of the pictures, and more than one, could not be read.</exception>
    public LoadedImages Load(ImageSample sample, IProgress<(int Done, int Total)>? progress = null, CancellationToken cancellation = default)
    {
        long values = (long)sample.Count * transform.Shape.Count;
        if (values > Array.MaxLength) throw new ArgumentException($"{sample.Count} pictures of {transform.Shape} are {values} values; at most {Array.MaxLength} are loaded at once");
        int[] places = [.. Enumerable.Range(0, Math.Min(sample.Count, sample.Order.Count))];
        var run = new Run(sample, new float[values], places.Length, progress);

        // Picture k of the order goes to places[k − first]; the places of broken ones are given out again.
        int first = 0;
        while (places.Length > 0)
        {
            int start = first, count = Math.Min(places.Length, sample.Order.Count - first);
            if (count == 0) break;
            var outcomes = new Outcome[count];
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount, CancellationToken = cancellation };
            Parallel.For(0, count, options, k => outcomes[k] = Load(run, sample.Order[start + k], places[k]));
            first += count;
            Check(run, outcomes, first);
            places = [.. places[..count].Where((_, k) => outcomes[k].Error is not null), .. places[count..]];
        }
        return Finish(run);
    }

    private Outcome Load(Run run, string path, int place)
    {
        try
        {
            Image image = files.Open(path);
            if (transform.Refusal(image) is { } refusal) throw new ImageFormatException(path, refusal);
            transform.Apply(image, run.Data.AsSpan(place * transform.Shape.Count, transform.Shape.Count));
            run.Names[place] = path;
            run.Report();
            return new Outcome(path, null, Math.Min(image.Width, image.Height) < SmallSide);
        }
        catch (Exception error) when (error is ImageFormatException or IOException or UnauthorizedAccessException)
        {
            return new Outcome(path, error, IsSmall: false);
        }
    }

    // What stops the work does so for the first picture in order, whichever thread came first.
    private static void Check(Run run, Outcome[] outcomes, int tried)
    {
        foreach (Outcome outcome in outcomes)
        {
            if (outcome.IsSmall) run.TooSmall.Add(outcome.Path);
            if (outcome.Error is not { } error) continue;
            if (error is ImageFormatException { IsDecoderMissing: true }) throw error;
            if (run.Sample.Source.IsExplicit) throw error is ImageFormatException ? error : new ImageFormatException(outcome.Path, error.Message, error);
            run.Skipped.Add(new SkippedImage(outcome.Path, error is ImageFormatException format ? format.Reason : error.Message));
        }
        int allowed = Math.Max(1, (int)(tried * MostBroken));
        if (run.Skipped.Count <= allowed && run.Skipped.Count < tried) return;
        SkippedImage broken = run.Skipped[0];
        throw new ImageSourceException($"{run.Skipped.Count} of {tried} pictures of {run.Sample.Source.Name} could not be read, {allowed} are allowed; the first is {broken.Path}: {broken.Reason}.");
    }

    // Places for which there was no picture repeat the others, in order.
    private LoadedImages Finish(Run run)
    {
        int[] full = [.. Enumerable.Range(0, run.Names.Length).Where(place => run.Names[place].Length > 0)];
        var batch = new Batch(transform.Shape, run.Data, run.Names);
        int next = 0;
        for (int place = 0; place < batch.Count; place++)
        {
            if (run.Names[place].Length > 0) continue;
            int from = full[next++ % full.Length];
            batch.Sample(from).CopyTo(batch.Sample(place));
            run.Names[place] = run.Names[from];
        }
        return new LoadedImages(batch, full.Length, run.Skipped, run.TooSmall);
    }

    private readonly record struct Outcome(string Path, Exception? Error, bool IsSmall);

    // What one call of Load has come to. A place without a picture has an empty name.
    private sealed class Run(ImageSample sample, float[] data, int total, IProgress<(int, int)>? progress)
    {
        private readonly Lock order = new();
        private int done;

        public ImageSample Sample => sample;

        public float[] Data => data;

        public string[] Names { get; } = [.. Enumerable.Repeat("", sample.Count)];

        public List<SkippedImage> Skipped { get; } = [];

        public List<string> TooSmall { get; } = [];

        public void Report()
        {
            if (progress is null) return;
            lock (order) progress.Report((++done, total));
        }
    }
}
