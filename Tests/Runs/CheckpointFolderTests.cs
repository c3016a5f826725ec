using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class CheckpointFolderTests
{
    [Test]
    public void Last_best_and_every_so_many_are_kept_and_no_more()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder["c"], every: 20, keep: 2);
        var map = new MonitoredValue("map", largerIsBetter: true);
        double[] values = [0.1, 0.4, 0.3, 0.2, 0.35, 0.3, 0.2, 0.1];
        for (int i = 1; i <= values.Length; i++)
        {
            map.Update(10 * i, values[i - 1]);
            Save(checkpoints, 10 * i, map);
        }
        Assert.That(Names(folder["c"]), Is.EqualTo(new[] { "best.safetensors", "iter-60.safetensors", "iter-80.safetensors", "last.safetensors" }));
        Assert.That(checkpoints.Kept, Is.EqualTo(new[] { 60, 80 }));
        foreach ((string name, int iteration) in new[] { ("best", 20), ("iter-60", 60), ("iter-80", 80), ("last", 80) })
        {
            Assert.That(CheckpointFolder.IterationOf(checkpoints[name]), Is.EqualTo(iteration), name);
            Assert.That(Value(checkpoints[name]), Is.EqualTo(iteration), name);
        }
    }

    [Test]
    public void Without_a_limit_all_that_were_due_stay_in_the_order_of_their_numbers()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder["c"], every: 50);
        for (int i = 0; i <= 1000; i += 25) Save(checkpoints, i, null);
        Assert.That(checkpoints.Kept, Is.EqualTo(Enumerable.Range(0, 21).Select(i => 50 * i)));
        Assert.That(File.Exists(checkpoints[CheckpointFolder.Best]), Is.False, "nothing is monitored");
    }

    [Test]
    public void A_writer_that_fails_leaves_every_checkpoint_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder["c"], every: 1, keep: 1);
        var map = new MonitoredValue("map", largerIsBetter: true);
        map.Update(1, 0.5);
        Save(checkpoints, 1, map);
        map.Update(2, 0.75);
        Assert.That(() => checkpoints.Save(2, map, (path, _) => AtomicFile.Write(path, _ => throw new IOException("No space left on device."))),
            Throws.InstanceOf<IOException>().With.Message.Contains(checkpoints["last"]).And.Message.Contains("unchanged"));
        Assert.That(Names(folder["c"]), Is.EqualTo(new[] { "best.safetensors", "iter-1.safetensors", "last.safetensors" }));
        Assert.That(new[] { "best", "iter-1", "last" }.Select(name => Value(checkpoints[name])), Is.All.EqualTo(1));
    }

    // The copies follow the last checkpoint; killed before them, the process that goes on makes them.
    [Test]
    public void What_a_killed_process_had_no_time_for_is_made_up_for()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder["c"], every: 2, keep: 1);
        var map = new MonitoredValue("map", largerIsBetter: true);
        foreach ((int iteration, double value) in new[] { (2, 0.5), (4, 0.75) })
        {
            map.Update(iteration, value);
            Save(checkpoints, iteration, map);
        }
        byte[] last = File.ReadAllBytes(checkpoints["last"]);
        map = new MonitoredValue("map", largerIsBetter: true);
        map.Update(2, 0.5);
        Save(checkpoints, 2, map);
        File.Delete(checkpoints["iter-4"]);
        File.WriteAllBytes(checkpoints["last"], last);
        foreach (string name in new[] { ".last.safetensors.abc.def.tmp", ".best.safetensors.x.tmp", ".iter-12.safetensors.x.tmp", ".other.safetensors.x.tmp", "notes.txt" })
            File.WriteAllText(Path.Combine(folder["c"], name), "half");

        var again = new MonitoredValue("map", largerIsBetter: true);
        Assert.That(checkpoints.Recover(again), Is.EqualTo(4));
        Assert.That((again.Best, again.BestIteration), Is.EqualTo(((double?)0.75, (int?)4)));
        Assert.That(Names(folder["c"]), Is.EqualTo(new[] { ".other.safetensors.x.tmp", "best.safetensors", "iter-4.safetensors", "last.safetensors", "notes.txt" }));
        Assert.That(new[] { "best", "iter-4", "last" }.Select(name => Value(checkpoints[name])), Is.All.EqualTo(4));
    }

    [Test]
    public void A_copy_that_is_there_is_not_made_again()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder["c"], every: 1);
        var map = new MonitoredValue("map", largerIsBetter: true);
        map.Update(1, 1);
        Save(checkpoints, 1, map);
        DateTime old = new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        foreach (string name in new[] { "best", "iter-1" }) File.SetLastWriteTimeUtc(checkpoints[name], old);
        checkpoints.Recover(map);
        Assert.That(new[] { "best", "iter-1" }.Select(name => File.GetLastWriteTimeUtc(checkpoints[name])), Is.All.EqualTo(old));
    }

    [Test]
    public void A_run_taken_back_does_not_lose_its_new_checkpoints_to_its_old_ones()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder["c"], every: 10, keep: 1);
        Save(checkpoints, 50, null);
        foreach (int i in new[] { 10, 20 }) Save(checkpoints, i, null);
        Assert.That(checkpoints.Kept, Is.EqualTo(new[] { 20, 50 }));
    }

    [Test]
    public void There_is_nothing_to_recover_in_a_folder_that_is_missing_or_empty()
    {
        using var folder = new TemporaryFolder();
        Assert.That(new CheckpointFolder(folder["none"]).Recover(null), Is.Null);
        Assert.That(new CheckpointFolder(folder.Path).Recover(null), Is.Null);
        Assert.That(folder.Names, Is.Empty);
    }

    [Test]
    public void Weights_without_an_iteration_and_broken_files_are_named()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path);
        Safetensors.Write(checkpoints["last"], [new SafetensorsSource("w", [1], (_, to) => to.Fill(1))], new Dictionary<string, string>());
        Assert.That(() => checkpoints.Recover(null), Throws.TypeOf<RunFileException>().With.Message.StartsWith(checkpoints["last"]).And.Message.Contains("does not say of which iteration"));
        File.WriteAllText(checkpoints["last"], "half");
        Assert.That(() => checkpoints.Recover(null), Throws.TypeOf<WeightsFormatException>().With.Message.Contains(checkpoints["last"]));
    }

    [Test]
    public void A_checkpoint_is_found_by_file_folder_and_name()
    {
        using var folder = new TemporaryFolder();
        RunFiles run = RunFiles.Create(folder["runs"], "kmeans caffenet/2", new DateTimeOffset(2026, 3, 1, 12, 30, 5, TimeSpan.Zero));
        Assert.That(run.Folder, Is.EqualTo(Path.Combine(folder["runs"], "20260301-123005-kmeans-caffenet-2")));
        var checkpoints = new CheckpointFolder(run.Checkpoints, every: 100);
        var map = new MonitoredValue("map", largerIsBetter: true);
        Assert.That(() => CheckpointFolder.Resolve(run.Folder), Throws.TypeOf<RunFileException>().With.Message.Contains("it has none"));
        map.Update(100, 1);
        Save(checkpoints, 100, map);
        Save(checkpoints, 250, map);
        foreach ((string what, string name) in new[]
        {
            (run.Folder, "last"), (run.Checkpoints, "last"), (run.Folder + "/last", "last"), (run.Folder + "/best", "best"), (run.Checkpoints + "/best.safetensors", "best"),
            (run.Checkpoints + "/iter-100", "iter-100"), (run.Folder + "/iter-100.safetensors", "iter-100"),
        })
            Assert.That(Path.GetFullPath(CheckpointFolder.Resolve(what)), Is.EqualTo(Path.GetFullPath(checkpoints[name])), what);
        Assert.That(() => CheckpointFolder.Resolve(run.Folder + "/iter-200"), Throws.TypeOf<RunFileException>().With.Message.Contains("no checkpoint iter-200").And.Message.Contains("it has last, best, iter-100"));
        Assert.That(() => CheckpointFolder.Resolve(folder["nothing"]), Throws.TypeOf<RunFileException>().With.Message.Contains("no such file or folder"));
        File.Delete(checkpoints["last"]);
        Assert.That(CheckpointFolder.Resolve(run.Folder), Is.EqualTo(checkpoints["iter-100"]));
    }

    [Test]
    public void Runs_of_one_second_get_folders_of_their_own_and_the_newest_is_the_one_written_last()
    {
        using var folder = new TemporaryFolder();
        Assert.That(RunFiles.Newest(folder["none"]), Is.Null);
        DateTimeOffset time = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        RunFiles[] runs = [.. Enumerable.Range(0, 3).Select(_ => RunFiles.Create(folder.Path, "a", time))];
        Assert.That(folder.Names, Is.EqualTo(new[] { "20260301-000000-a", "20260301-000000-a-2", "20260301-000000-a-3" }));
        Assert.That(RunFiles.Newest(folder.Path), Is.Null, "none of them has a record");
        for (int i = 0; i < 2; i++)
        {
            File.WriteAllText(runs[i].Record, "{}");
            File.SetLastWriteTimeUtc(runs[i].Record, new DateTime(2026, 3, 1 + (1 - i), 0, 0, 0, DateTimeKind.Utc));
        }
        Assert.That(RunFiles.Newest(folder.Path), Is.EqualTo(runs[0]));
    }

    private static string[] Names(string folder) => [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { AttributesToSkip = 0 })
        .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static void Save(CheckpointFolder checkpoints, int iteration, MonitoredValue? monitored) => checkpoints.Save(iteration, monitored,
        (path, metadata) => Safetensors.Write(path, [new SafetensorsSource("w", [3], (_, to) => to.Fill(iteration))], metadata));

    private static float Value(string path)
    {
        using SafetensorsFile file = Safetensors.Open(path);
        float[] values = new float[3];
        file.Read("w", values);
        Assert.That(values, Is.All.EqualTo(values[0]));
        return values[0];
    }
}
