using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class RunLockTests
{
    [Test]
    public void A_run_is_one_process_s_at_a_time()
    {
        using var folder = new TemporaryFolder();
        using (RunLock.Take(folder.Path))
        {
            RunFileException error = Assert.Throws<RunFileException>(() => RunLock.Take(folder.Path))!;
            Assert.That(error.Message, Does.StartWith($"{folder.Path}: ").And.Contain($"process {Environment.ProcessId} on {Environment.MachineName} works on this run"));
        }
        RunLock.Take(folder.Path).Dispose();
        Assert.That(() => RunLock.Take(folder["none"]), Throws.InstanceOf<IOException>().And.Not.TypeOf<RunFileException>());
    }

    [Test]
    public void Runs_that_begin_at_the_same_moment_get_folders_of_their_own()
    {
        using var folder = new TemporaryFolder();
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        var made = new string[16];
        Parallel.For(0, made.Length, i => made[i] = RunFiles.Create(folder.Path, "same", now).Folder);
        Assert.That(made, Is.Unique);
    }
}
