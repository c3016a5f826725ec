using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class EventFileTests
{
    private static readonly DateTimeOffset Time = DateTimeOffset.UnixEpoch.AddSeconds(256.5);

    // The bytes that TeamHG-Memex/tensorboard_logger (test_serialization) expects of the same three events.
    [Test]
    public void Scalars_have_the_bytes_that_another_writer_gives_them()
    {
        using var folder = new TemporaryFolder();
        using (EventFile file = EventFile.Create(folder.Path, Time, "host"))
        {
            file.Scalars(1, Time, Pair("v/1", 1.5));
            file.Scalars(2, Time, Pair("v/22", 16));
            Assert.That(Path.GetFileName(file.Path), Is.EqualTo("events.out.tfevents.0000000256.host"));
        }
        const string version = "1800000000000000A37F4B22" + "090000000000087040" + "1A0D627261696E2E4576656E743A32" + "BC98212B";
        const string first = "19000000000000008BF10828" + "090000000000087040" + "1001" + "2A0C0A0A0A03762F31150000C03F" + "2CECC087";
        const string second = "1A00000000000000129BD82D" + "090000000000087040" + "1002" + "2A0D0A0B0A04762F323215000080418FA3B688";
        Assert.That(Convert.ToHexString(File.ReadAllBytes(folder["events.out.tfevents.0000000256.host"])), Is.EqualTo(version + first + second));
    }

    [TestCase("", 0u)]
    [TestCase("313233343536373839", 0xE3069283u)]
    [TestCase("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AAu)]
    [TestCase("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43u)]
    [TestCase("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794Eu)]
    [TestCase("01C000000000000000000000" + "000000001400000000000400" + "000000140000001828000000" + "000000000200000000000000", 0xD9963A56u)]
    public void The_decoders_own_check_has_the_published_values(string hex, uint expected) =>
        Assert.That(TensorBoardDecoder.Crc(Convert.FromHexString(hex)), Is.EqualTo(expected));

    [Test]
    public void An_independent_decoder_reads_what_was_written()
    {
        using var folder = new TemporaryFolder();
        string path;
        using (EventFile file = EventFile.Create(folder.Path, Time))
        {
            path = file.Path;
            file.Scalars(0, Time, Pair("loss", 0.1), Pair("mAP/fläche", -2));
            file.Scalars(int.MaxValue, Time.AddSeconds(1.25), Pair("loss", double.NaN), Pair("rate", double.PositiveInfinity));
            file.Scalars(3, Time);
        }
        List<TensorBoardDecoder.Event> events = TensorBoardDecoder.Read(path);
        Assert.That(events, Has.Count.EqualTo(3), "no event for no values");
        Assert.That((events[0].FileVersion, events[0].Step, events[0].WallTime), Is.EqualTo(("brain.Event:2", 0L, 256.5)));
        Assert.That(events[1].Scalars, Is.EqualTo(new[] { ("loss", 0.1f), ("mAP/fläche", -2f) }));
        Assert.That(events[1].Step, Is.Zero);
        Assert.That((events[2].Step, events[2].WallTime), Is.EqualTo(((long)int.MaxValue, 257.75)));
        Assert.That(events[2].Scalars, Is.EqualTo(new[] { ("loss", float.NaN), ("rate", float.PositiveInfinity) }));
    }

    [Test]
    public void Every_record_length_up_to_three_hundred_is_framed_with_right_checks()
    {
        using var folder = new TemporaryFolder();
        string path;
        using (EventFile file = EventFile.Create(folder.Path, Time))
        {
            path = file.Path;
            for (int i = 0; i < 300; i++) file.Scalars(i * 1000, Time, Pair(new string('x', i), i));
        }
        List<TensorBoardDecoder.Event> events = TensorBoardDecoder.Read(path);
        Assert.That(events.Skip(1).Select(e => (e.Step, e.Scalars.Single())), Is.EqualTo(Enumerable.Range(0, 300).Select(i => (i * 1000L, (new string('x', i), (float)i)))));
    }

    [Test]
    public void A_histogram_counts_equally_wide_ranges()
    {
        using var folder = new TemporaryFolder();
        string path;
        using (EventFile file = EventFile.Create(folder.Path, Time))
        {
            path = file.Path;
            file.Histogram(5, Time, "conv1", [-1, 0, 0.5f, 1, 3, float.NaN, float.PositiveInfinity], ranges: 4);
            file.Histogram(6, Time, "same", [2, 2, 2]);
            file.Histogram(7, Time, "none", [float.NaN]);
        }
        List<TensorBoardDecoder.Event> events = TensorBoardDecoder.Read(path);
        Assert.That(events, Has.Count.EqualTo(3));
        (string tag, TensorBoardDecoder.Histogram h) = events[1].Histograms.Single();
        Assert.That((tag, h.Least, h.Largest, h.Count, h.Sum, h.SumOfSquares), Is.EqualTo(("conv1", -1.0, 3.0, 5.0, 3.5, 11.25)));
        Assert.That(h.Limits, Is.EqualTo(new[] { 0.0, 1, 2, 3 }));
        Assert.That(h.Counts, Is.EqualTo(new[] { 1.0, 2, 1, 1 }));
        h = events[2].Histograms.Single().Histogram;
        Assert.That((h.Limits.Single(), h.Counts.Single()), Is.EqualTo((2.0, 3.0)));
    }

    [Test]
    public void A_run_that_goes_on_begins_another_file_that_takes_later_steps_back()
    {
        using var folder = new TemporaryFolder();
        using (EventFile.Create(folder.Path, Time, "h"))
        {
        }
        using (EventFile file = EventFile.Create(folder.Path, Time, "h", resumedAt: 40)) file.Scalars(41, Time, Pair("loss", 1));
        Assert.That(folder.Names, Is.EqualTo(new[] { "events.out.tfevents.0000000256.h", "events.out.tfevents.0000000256.h.1" }));
        List<TensorBoardDecoder.Event> events = TensorBoardDecoder.Read(folder["events.out.tfevents.0000000256.h.1"]);
        Assert.That((events[1].Step, events[1].SessionStatus), Is.EqualTo((41L, 1L)));
        Assert.That(events[2].Step, Is.EqualTo(41));
    }

    private static KeyValuePair<string, double> Pair(string name, double value) => new(name, value);
}
