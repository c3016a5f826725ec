using System.Text.Json;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class RunRecordTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 30, 0, TimeSpan.FromHours(1));

    [Test]
    public void What_is_written_is_read_back()
    {
        using var folder = new TemporaryFolder();
        RunRecord record = Some().Begin("evennet train voc --net caffenet", Start).End(Start.AddHours(2), 400, RunOutcome.Interrupted, "by «SIGINT»")
            .Begin("evennet train voc --resume last", Start.AddDays(1), 400) with
        { Results = new Dictionary<string, double> { ["map"] = 0.5625, ["loss"] = double.NaN } };
        record.Write(folder.Path);
        RunRecord read = RunRecord.Read(folder.Path);
        Assert.That(read.Settings, Is.EqualTo(record.Settings));
        Assert.That(read.Versions, Is.EqualTo(record.Versions));
        Assert.That(read.Sessions, Is.EqualTo(record.Sessions));
        Assert.That(read.Results, Is.EqualTo(record.Results));
        Assert.That((read.Name, read.Seed, read.Machine, read.Outcome), Is.EqualTo((record.Name, ulong.MaxValue, record.Machine, RunOutcome.Running)));
        Assert.That(folder.Names, Is.EqualTo(new[] { "run.json" }));
    }

    [Test]
    public void The_file_is_for_people_and_other_programs_too()
    {
        using var folder = new TemporaryFolder();
        Some().Begin("a 'b'", Start).End(Start.AddSeconds(1), 20, RunOutcome.StoppedEarly).Write(folder.Path);
        string text = File.ReadAllText(folder["run.json"]);
        Assert.That(text, Does.Contain("\"command\": \"a 'b'\"").And.Contain("\"outcome\": \"stoppedEarly\"").And.Contain("\"started\": \"2026-03-01T12:30:00+01:00\""));
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.That(json.RootElement.GetProperty("settings").GetProperty("rate").GetString(), Is.EqualTo("0.001"));
        Assert.That(json.RootElement.GetProperty("versions").GetProperty("evennet").GetString(), Does.Match(@"^\d+\.\d+\.\d+"));
    }

    [Test]
    public void A_session_that_never_said_how_it_ended_is_lost_when_another_goes_on()
    {
        RunRecord record = Some().Begin("first", Start).Begin("second", Start.AddHours(1), 120);
        Assert.That(record.Sessions.Select(s => (s.Outcome, s.FirstIteration)), Is.EqualTo(new[] { (RunOutcome.Lost, 0), (RunOutcome.Running, 120) }));
        record = record.End(Start.AddHours(2), 200, RunOutcome.Finished);
        Assert.That(record.Outcome, Is.EqualTo(RunOutcome.Finished));
        Assert.That(record.Sessions[1].Ended, Is.EqualTo(Start.AddHours(2)));
        Assert.That(() => record.End(Start, 1, RunOutcome.Failed), Throws.InvalidOperationException.With.Message.EqualTo("no session of small runs"));
    }

    [Test]
    public void The_hash_is_of_the_settings_and_not_of_their_order()
    {
        string hash = RunRecord.HashOf(new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" });
        Assert.That(hash, Does.Match("^[0-9a-f]{16}$"));
        Assert.That(RunRecord.HashOf(new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }), Is.EqualTo(hash));
        foreach (Dictionary<string, string> other in new Dictionary<string, string>[] { new() { ["a"] = "1" }, new() { ["a"] = "2", ["b"] = "1" }, new() { ["a"] = "1b", [""] = "2" } })
            Assert.That(RunRecord.HashOf(other), Is.Not.EqualTo(hash));
    }

    [TestCase("{", "is no record of a run")]
    [TestCase("null", "it is null")]
    [TestCase("{\"name\":\"x\"}", "is no record of a run")]
    public void A_broken_record_is_named(string text, string message)
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => RunRecord.Read(folder.Path), Throws.TypeOf<RunFileException>().With.Message.Contains("holds no run"));
        File.WriteAllText(folder["run.json"], text);
        Assert.That(() => RunRecord.Read(folder.Path), Throws.TypeOf<RunFileException>().With.Message.StartsWith(folder["run.json"]).And.Message.Contains(message));
    }

    [Test]
    public void A_record_of_a_later_format_is_refused()
    {
        using var folder = new TemporaryFolder();
        (Some() with { Format = "evennet-run-2" }).Write(folder.Path);
        Assert.That(() => RunRecord.Read(folder.Path), Throws.TypeOf<RunFileException>().With.Message.Contains("its format is evennet-run-2, not evennet-run-1"));
    }

    private static RunRecord Some() => new()
    {
        Name = "small",
        Settings = new Dictionary<string, string> { ["net"] = "caffenet", ["rate"] = "0.001", ["voc"] = "Fotos/Übung" },
        Seed = ulong.MaxValue,
        Versions = RunRecord.CurrentVersions(),
        Machine = RunMachine.Of("2 threads"),
    };
}
