using EvenNet.Framework;
using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>The pictures of a source that can be decoded. They are decoded again whenever they are needed: all of them would not fit into memory.</summary>
internal sealed class PictureReader
{
    private const int PublishedSide = 256, PublishedCut = 227, SmallestPublished = 200;

    // Of all pictures; more broken ones than that are no accident.
    private const double MostBroken = 0.01;

    private readonly ImageFiles files;

    private PictureReader(ImageFiles files, IReadOnlyList<string> paths, IReadOnlyList<string> skipped) => (this.files, Paths, Skipped) = (files, paths, skipped);

    public IReadOnlyList<string> Paths { get; }

    public IReadOnlyList<string> Skipped { get; }

    /// <summary>Decodes all pictures once. Broken ones are left out, unless they were named one by one or are many.</summary>
    public static PictureReader Of(ImageFiles files, IReadOnlyList<string> named, ImageSource source, int threads, Ui ui, CancellationToken cancellation)
    {
        string[] all = [.. named, .. source.Paths];
        var errors = new Exception?[all.Length];
        var order = new Lock();
        int done = 0;
        ui.Track(progress =>
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount, CancellationToken = cancellation };
            return Parallel.For(0, all.Length, options, i =>
            {
                try
                {
                    _ = files.Open(all[i]);
                }
                catch (Exception error) when (error is ImageFormatException { IsDecoderMissing: false } or IOException or UnauthorizedAccessException)
                {
                    errors[i] = error;
                }
                lock (order) progress.Report(new InitProgress("pictures", $"{++done} of {all.Length}", (double)done / all.Length));
            });
        });
        int[] broken = [.. Enumerable.Range(0, all.Length).Where(i => errors[i] is not null)];
        if (broken.Length > 0 && (broken[0] < named.Count || source.IsExplicit || broken.Length > Math.Max(1, (int)(MostBroken * all.Length)))) throw errors[broken[0]]!;
        foreach (int i in broken) ui.Warn($"left out: {errors[i]!.Message}");
        return new PictureReader(files, [.. all.Where((_, i) => errors[i] is null)], [.. broken.Select(i => all[i])]);
    }

    public Image Open(int index) => files.Open(Paths[index]);

    /// <summary>How pictures become an input of this size, but for their mean and scale.</summary>
    public ImageTransform Transform(Shape input, ImageFit fit) => new(input)
    {
        Fit = fit,
        ResizeTo = input.Height >= SmallestPublished ? PublishedSide : (int)Math.Round((double)input.Height * PublishedSide / PublishedCut),
    };
}
