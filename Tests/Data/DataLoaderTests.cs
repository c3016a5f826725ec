using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class DataLoaderTests
{
    private static readonly Augmentation Everything = new(new Shape(3, 12, 11)) { Crop = new RandomScaleCrop(), Mirror = true, Jitter = new ColourJitter(0.3f, 0.3f, 0.3f), Mean = BgrMean.ImageNet };

    [Test]
    public void The_number_of_workers_and_batches_ahead_changes_no_bit()
    {
        var data = new SolidDataset(23);
        List<Copy> expected = Take(new DataLoader(data, Everything, new LoaderOptions(5, 7) { Workers = 1, Prefetch = 0 }), 14);
        foreach ((int workers, int prefetch) in new[] { (1, 3), (2, 1), (4, 2), (4, 9) })
            AssertSame(Take(new DataLoader(data, Everything, new LoaderOptions(5, 7) { Workers = workers, Prefetch = prefetch }), 14), expected, $"{workers} workers, {prefetch} ahead");
    }

    [Test]
    public void Real_pictures_give_the_same_bits_with_one_two_and_four_workers()
    {
        using JpegDecoder decoder = JpegTests.Require();
        VocDataset voc = VocDataset.Open(SharedData.Require("data", "voc-mini", "VOCdevkit"), "trainval", new ImageFiles(decoder), checkAnnotations: false);
        Augmentation augmentation = Augmentation.Voc(new Shape(3, 227, 227));
        List<Copy> one = Take(new DataLoader(voc, augmentation, new LoaderOptions(10, 3) { Workers = 1 }), 6);
        foreach (int workers in new[] { 2, 4 }) AssertSame(Take(new DataLoader(voc, augmentation, new LoaderOptions(10, 3) { Workers = workers }), 6), one, $"{workers} workers");
        double mean = one.SelectMany(b => b.Images).Average(v => (double)v);
        TestContext.Out.WriteLine($"mean {mean:F2}");
        Assert.That(mean, Is.InRange(-20, 15), "photographs are near the mean that is subtracted");
    }

    [Test]
    public void The_work_goes_on_from_any_position_bit_for_bit()
    {
        var data = new SolidDataset(17);
        DataLoader Loader() => new(data, Everything, new LoaderOptions(4, 9) { Workers = 2 });
        List<Copy> all = Take(Loader(), 15);
        for (int b = 0; b < all.Count; b++)
        {
            Assert.That(all[b].Start, Is.EqualTo(new DataPosition(4 * b / 17, 4 * b % 17)));
            Assert.That(all[b].Next, Is.EqualTo(new DataPosition(4 * (b + 1) / 17, 4 * (b + 1) % 17)));
            AssertSame(Take(Loader(), 3, all[b].Start), all[b..Math.Min(b + 3, all.Count)], $"from batch {b}");
        }
    }

    [Test]
    public void What_becomes_of_a_sample_depends_on_seed_epoch_and_sample_alone()
    {
        var data = new SolidDataset(12);
        float[] Of(int sample, int epoch, int batch, ulong seed, bool shuffle)
        {
            foreach (LabelledBatch b in new DataLoader(data, Everything, new LoaderOptions(batch, seed) { Shuffle = shuffle, Workers = 2 }).Batches(new DataPosition(epoch, 0)))
                for (int n = 0; n < b.Count; n++)
                    if (b.Samples[n] == sample) return b.Inputs(n).ToArray();
            throw new InvalidOperationException();
        }
        float[] expected = Of(8, 2, 3, 5, shuffle: true);
        Assert.That(Of(8, 2, 7, 5, shuffle: true), Is.EqualTo(expected), "another batch size");
        Assert.That(Of(8, 2, 4, 5, shuffle: false), Is.EqualTo(expected), "another order");
        Assert.That(Of(8, 3, 3, 5, shuffle: true), Is.Not.EqualTo(expected), "another epoch");
        Assert.That(Of(8, 2, 3, 6, shuffle: true), Is.Not.EqualTo(expected), "another seed");
    }

    [Test]
    public void Each_epoch_holds_every_sample_once_in_an_order_of_its_own()
    {
        var data = new SolidDataset(30);
        int[][] Epochs(ulong seed, bool shuffle) =>
            [.. Take(new DataLoader(data, Everything, new LoaderOptions(7, seed) { Workers = 2, Shuffle = shuffle }), 13).SelectMany(b => b.Samples).Take(90).Chunk(30)];
        int[][] epochs = Epochs(1, shuffle: true);
        foreach (int[] epoch in epochs) Assert.That(epoch, Is.EquivalentTo(Enumerable.Range(0, 30)));
        Assert.That(epochs[0], Is.Not.EqualTo(epochs[1]));
        Assert.That(epochs[1], Is.Not.EqualTo(epochs[2]));
        Assert.That(Epochs(2, shuffle: true)[0], Is.Not.EqualTo(epochs[0]));
        foreach (int[] epoch in Epochs(1, shuffle: false)) Assert.That(epoch, Is.EqualTo(Enumerable.Range(0, 30)));
    }

    [Test]
    public void Once_through_the_data_ends_with_a_short_batch()
    {
        List<Copy> all = Take(new DataLoader(new SolidDataset(10), Everything, LoaderOptions.Once(4, 1) with { Prefetch = 0 }), 100);
        Assert.That(all.Select(b => b.Samples), Is.EqualTo(new int[][] { [0, 1, 2, 3], [4, 5, 6, 7], [8, 9] }));
        Assert.That(all[0].Labels, Is.EqualTo(new float[] { 0, 1, 2, 3 }));
        Assert.That(all[2].Labels, Is.EqualTo(new float[] { 0, 1, Dataset.Ignored, Dataset.Ignored }));
        Assert.That(all[2].Images[(2 * Everything.Shape.Count)..], Is.All.Zero);
        Assert.That(all[2].Next, Is.EqualTo(new DataPosition(1, 0)));
        Assert.That(new DataLoader(new SolidDataset(10), Everything, LoaderOptions.Once(4, 1)).Batches(new DataPosition(1, 0)), Is.Empty);
        Assert.That(Take(new DataLoader(new SolidDataset(3), Everything, new LoaderOptions(8, 1) { Epochs = 2 }), 9).Single().Samples, Has.Length.EqualTo(6), "a batch larger than the set");
    }

    [Test]
    public void Views_of_a_sample_lie_side_by_side()
    {
        var data = new SolidDataset(3);
        Augmentation ten = new(new Shape(3, 9, 9)) { Crop = new TenCrop() };
        LabelledBatch batch = new DataLoader(data, ten, LoaderOptions.Once(3, 1)).Batches().First();
        Assert.That(batch.Images, Has.Length.EqualTo(3 * 10 * 3 * 81));
        var picture = new ImageBuffer();
        data.Read(1, picture);
        float[] expected = new float[10 * 243];
        ten.Apply(picture, new Philox(0, RandomPurpose.Transform), expected);
        Assert.That(batch.Inputs(1).ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void A_broken_picture_fails_at_its_batch_and_the_first_in_order_is_named([Values(1, 4)] int workers)
    {
        var data = new SolidDataset(20) { Broken = [9, 10, 14] };
        var options = new LoaderOptions(4, 1) { Shuffle = false, Workers = workers };
        int taken = 0;
        Assert.That(() =>
        {
            foreach (LabelledBatch _ in new DataLoader(data, Everything, options).Batches()) taken++;
        }, Throws.TypeOf<ImageFormatException>().With.Message.EqualTo("Cannot decode made 9: it was meant to be broken"));
        Assert.That(taken, Is.EqualTo(2));
    }

    [Test]
    public void A_picture_that_is_too_small_names_both_sizes()
    {
        var loader = new DataLoader(new SolidDataset(4), new Augmentation(new Shape(3, 19, 19)) { Crop = new RandomCrop() }, LoaderOptions.Once(4, 1));
        Assert.That(() => loader.Batches().First(), Throws.TypeOf<ImageFormatException>().With.Message.EqualTo("Cannot decode made 0: a cut of 19×19 does not fit into 20×18 pixels"));
    }

    [Test]
    public void A_cancellation_ends_the_wait()
    {
        using var cancellation = new CancellationTokenSource();
        var data = new SolidDataset(50) { OnRead = i => { if (i == 20) cancellation.Cancel(); } };
        int taken = 0;
        Assert.That(() =>
        {
            foreach (LabelledBatch _ in new DataLoader(data, Everything, new LoaderOptions(4, 1) { Shuffle = false, Workers = 2 }).Batches(cancellation: cancellation.Token)) taken++;
        }, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(taken, Is.LessThanOrEqualTo(6));
    }

    [Test]
    public void Only_so_many_batches_are_made_ahead()
    {
        var data = new SolidDataset(1000);
        using (IEnumerator<LabelledBatch> batches = new DataLoader(data, Everything, new LoaderOptions(4, 1) { Workers = 4, Prefetch = 2 }).Batches().GetEnumerator())
            for (int b = 0; b < 5; b++) Assert.That(batches.MoveNext());
        Assert.That(data.Reads, Is.InRange(20, 4 * (5 + 2)));
    }

    [Test]
    public void Memory_is_used_again()
    {
        var arrays = new HashSet<float[]>(ReferenceEqualityComparer.Instance);
        var loader = new DataLoader(new SolidDataset(50), Everything, new LoaderOptions(8, 1) { Workers = 2, Prefetch = 2 });
        foreach (LabelledBatch batch in loader.Batches().Take(40)) arrays.Add(batch.Images);
        Assert.That(arrays, Has.Count.LessThanOrEqualTo(3));
        Assert.That(loader.Waited, Is.GreaterThan(TimeSpan.Zero), "for the first batch at least");
    }

    [Test, NonParallelizable]
    public void A_sample_costs_no_more_memory_than_its_generator()
    {
        using JpegDecoder decoder = JpegTests.Require();
        VocDataset voc = VocDataset.Open(SharedData.Require("data", "voc-mini", "VOCdevkit"), "val", new ImageFiles(decoder), checkAnnotations: false);
        LoadingSpeed speed = LoadingSpeed.Measure(new DataLoader(voc, Augmentation.Voc(new Shape(3, 227, 227)), new LoaderOptions(10, 1) { Workers = 2 }), seconds: 0.5);
        TestContext.Out.WriteLine($"{speed.ImagesPerSecond:F0} images/s, {speed.ImagesPerProcessorSecond:F0} per processor second, {speed.AllocatedBytesPerImage:F0} bytes an image");
        Assert.That(speed.AllocatedBytesPerImage, Is.LessThan(2000), "bytes; a picture's own pixels are 262144");
        Assert.That(speed.ImagesPerProcessorSecond, Is.GreaterThan(300));
    }

    [Test]
    public void Settings_that_make_no_sense_are_refused_by_name()
    {
        var data = new SolidDataset(4);
        AssertRefused(() => new DataLoader(data, new Augmentation(new Shape(1, 8, 8)), new LoaderOptions(1, 1)), "the pictures of made have 3 channels, the input 1×8×8 has 1");
        AssertRefused(() => new DataLoader(new SolidDataset(4, channels: 1), Everything, new LoaderOptions(1, 1)), "the pictures of made have 1 channel, the input 3×12×11 has 3");
        AssertRefused(() => new DataLoader(data, Everything, new LoaderOptions(0, 1)), "a batch of 0, 0 epochs");
        AssertRefused(() => new DataLoader(data, new Augmentation(new Shape(3, 8, 8)) { Crop = new TenCrop(), Mirror = true }, new LoaderOptions(1, 1)), "the ten cuts hold the mirrored ones");
        AssertRefused(() => new DataLoader(data, Everything with { MeanImage = new MeanImage(new Shape(3, 2, 2), new float[12]) }, new LoaderOptions(1, 1)), "a mean picture is subtracted pixel by pixel");
        AssertRefused(() => new DataLoader(data, Everything with { Jitter = new ColourJitter(Contrast: 1.5f) }, new LoaderOptions(1, 1)), "jitter amounts lie in 0 … 1");
        var loader = new DataLoader(data, Everything, LoaderOptions.Once(1, 1));
        Assert.That(() => loader.Batches(new DataPosition(0, 4)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("position 0:4 lies outside 1 epochs of 4 samples"));
        Assert.That(() => loader.Batches(new DataPosition(1, 1)), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static void AssertRefused(Func<DataLoader> made, string message) => Assert.That(made, Throws.ArgumentException.With.Message.StartsWith(message));

    private static List<Copy> Take(DataLoader loader, int batches, DataPosition from = default) =>
        [.. loader.Batches(from).Take(batches).Select(b => new Copy(b.Start, b.Next, b.Samples.ToArray(), [.. b.Images], [.. b.Labels]))];

    private static void AssertSame(List<Copy> actual, List<Copy> expected, string what)
    {
        for (int b = 0; b < expected.Count; b++)
        {
            Assert.That(actual[b].Start, Is.EqualTo(expected[b].Start), what);
            Assert.That(actual[b].Samples, Is.EqualTo(expected[b].Samples), what);
            Assert.That(actual[b].Labels, Is.EqualTo(expected[b].Labels), what);
            Assert.That(actual[b].Images.AsSpan().SequenceEqual(expected[b].Images), $"{what}: batch {b}");
        }
    }

    private sealed record Copy(DataPosition Start, DataPosition Next, int[] Samples, float[] Images, float[] Labels);
}
