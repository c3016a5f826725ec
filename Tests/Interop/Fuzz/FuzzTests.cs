namespace EvenNet.Tests;

/// <summary>Files from strangers: whatever is in them, readers say what is wrong by the exceptions that they document, soon, and without taking memory that the file does not account for.</summary>
[NonParallelizable]
public sealed class FuzzTests
{
    // For buffers, and for what a test before has left half done.
    private const long BytesForAnything = 8 << 20;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private static IReadOnlyList<FuzzTarget> Targets => FuzzTarget.All;

    [Test]
    public void Damaged_files_are_refused_or_read([ValueSource(nameof(Targets))] object target) => Run((FuzzTarget)target, count: 2000, seed: 1);

    [Test, Explicit("minutes"), Category("Nightly")]
    public void Many_damaged_files_are_refused_or_read([ValueSource(nameof(Targets))] object target) => Run((FuzzTarget)target, count: 100_000, seed: 2);

    private static void Run(FuzzTarget target, int count, int seed)
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<byte[]> seeds = target.Seeds();
        Assert.That(seeds, Is.Not.Empty);
        foreach (byte[] whole in seeds) Assert.That(() => Read(target, folder, whole), Throws.Nothing, "an undamaged file");
        int refused = 0;
        long worst = 0;
        for (int i = 0; i < count; i++)
        {
            var mutator = new Mutator(seed * 1_000_003 + i);
            byte[] bytes = mutator.Random.Next(50) == 0 ? mutator.Noise(200) : target.Next(mutator, seeds);
            TimeSpan before = Environment.CpuUsage.TotalTime;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(target, folder, bytes);
            }
            catch (Exception error) when (target.IsDocumented(error))
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"{target} file {i} of seed {seed} ({Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 4000)))}): {error}");
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            worst = Math.Max(worst, allocated);
            Assert.That(allocated, Is.LessThan(BytesForAnything + target.BytesForEachByte * bytes.Length), $"bytes allocated for {target} file {i} of seed {seed}, {bytes.Length} bytes");
            Assert.That(Environment.CpuUsage.TotalTime - before, Is.LessThan(Longest), $"time for {target} file {i} of seed {seed}");
        }
        TestContext.Out.WriteLine($"{target}: {count} files, {refused} refused, at most {worst} bytes allocated for one");
        Assert.That(refused, Is.GreaterThan(count / 5).And.LessThan(count), "the damage must hit, and must not hit everything");
    }

    private static void Read(FuzzTarget target, TemporaryFolder folder, byte[] bytes)
    {
        File.WriteAllBytes(folder["file"], bytes);
        target.Read(folder["file"]);
    }
}
