namespace EvenNet.Tests.House;

/// <summary>The photographs bundled with the tool: enough of them, small, and each with its source and licence.</summary>
public sealed class PhotographTests
{
    private static string[] Photographs => [.. Directory.GetFiles(Repository.Path("tools/Cli/Photographs"), "*.png").Order(StringComparer.Ordinal)];

    [Test]
    public void There_are_sixteen_in_three_megabytes()
    {
        Assert.That(Photographs, Has.Length.EqualTo(16));
        Assert.That(Photographs.Sum(file => new FileInfo(file).Length), Is.LessThan(3_000_000));
    }

    [Test]
    public void Each_has_a_line_with_its_source_and_licence()
    {
        string[] lines = File.ReadAllLines(Repository.Path("tools/Cli/Photographs/SOURCES.md"));
        foreach (string file in Photographs)
        {
            string[] line = [.. lines.Where(l => l.StartsWith($"| `{Path.GetFileName(file)}` |", StringComparison.Ordinal))];
            Assert.That(line, Has.Length.EqualTo(1), Path.GetFileName(file));
            string[] cells = [.. line[0].Split('|').Select(c => c.Trim())];
            Assert.That(cells[5], Does.Contain("CC0").Or.Contain("public domain"), line[0]);
        }
        Assert.That(lines.Count(l => l.StartsWith("| `", StringComparison.Ordinal)), Is.EqualTo(Photographs.Length), "lines without a file");
    }

    [Test]
    public void Each_is_an_8_bit_png_large_enough_for_a_crop_of_227()
    {
        foreach (string file in Photographs)
        {
            // Signature, then the first chunk: length, "IHDR", width, height, depth, colour type (PNG specification, 11.2.1).
            byte[] head = File.ReadAllBytes(file)[..26];
            int Number(int at) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(at));
            Assert.Multiple(() =>
            {
                Assert.That(head[..8], Is.EqualTo(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A }), file);
                Assert.That(Math.Min(Number(16), Number(20)), Is.GreaterThanOrEqualTo(227), file);
                Assert.That(head[24], Is.EqualTo(8), $"{file}: bits");
                Assert.That(head[25], Is.EqualTo(2).Or.EqualTo(0), $"{file}: colour type");
            });
        }
    }
}
