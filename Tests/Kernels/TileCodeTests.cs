using System.Diagnostics;
using System.Runtime.InteropServices;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

/// <summary>
/// The speed of the tiles rests on the compiler keeping every sum in a register. This reads the code that it makes:
/// a second process runs the tiles with the runtime's own disassembly switched on.
/// </summary>
public sealed unsafe class TileCodeTests
{
    internal const string Request = "EVENNET_TEST_RUN_TILES";

    [TestCase(256)]
    [TestCase(512)]
    public void The_inner_loop_of_a_full_tile_touches_no_stack(int bits)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) Assert.Ignore("the test reads x64 code only");
        if (VectorWidth.Widest.Bits < bits) Assert.Ignore($"this processor has no {bits}-bit vectors");
        VectorWidth width = VectorWidth.Available.Single(w => w.Bits == bits);
        string listing = Disassemble(width);

        string[] methods = listing.Split("; Assembly listing for method ", StringSplitOptions.RemoveEmptyEntries);
        int checkedLoops = 0;
        foreach (string method in methods.Where(m => m.Contains($"Tile{bits}:Run", StringComparison.Ordinal)))
        {
            string title = method[..method.IndexOf('\n', StringComparison.Ordinal)];
            foreach (string block in method.Split("\nG_M").Where(b => b.Contains("vfmadd", StringComparison.Ordinal)))
            {
                Assert.That(block, Does.Not.Contain("[rsp").And.Not.Contain("[rbp"), title);
                Assert.That(block.Split("vfmadd").Length - 1, Is.EqualTo(2 * width.TileRows), $"multiply-adds of {title}");
                checkedLoops++;
            }
        }
        Assert.That(checkedLoops, Is.EqualTo(Strides.Length), $"inner loops found in\n{listing}");
    }

    // Full tiles of the matrix product: packed, dot products, combinations of rows.
    [TestCase(256, 12, 12, 12)]
    [TestCase(512, 28, 24, 24)]
    public void The_inner_loops_of_a_matrix_product_keep_every_vector_in_a_register(int bits, int packed, int dots, int combinations)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) Assert.Ignore("the test reads x64 code only");
        if (VectorWidth.Widest.Bits < bits) Assert.Ignore($"this processor has no {bits}-bit vectors");
        string listing = Disassemble(VectorWidth.Available.Single(w => w.Bits == bits));
        string[] methods = listing.Split("; Assembly listing for method ", StringSplitOptions.RemoveEmptyEntries);
        foreach ((string name, int multiplyAdds) in new[] { ("Multiply", packed), ("Dots", dots), ("Combine", combinations) })
        {
            string[] loops =
            [
                .. methods.Where(m => m.Split('\n')[0].Contains($":{name}[", StringComparison.Ordinal))
                    .SelectMany(m => m.Split("\nG_M")).Where(b => b.Split("vfmadd").Length - 1 == multiplyAdds),
            ];
            Assert.That(loops, Has.Length.EqualTo(1), $"{name}: loops of {multiplyAdds} multiply-adds in\n{listing}");
            // Of its many row pointers, a loop may keep one or two on the stack; of its vectors none.
            Assert.That(loops[0], Does.Not.Match(@"mmword ptr \[(rsp|rbp)"), name);
        }
    }

    // The run-time stride is the fall-back: its addresses may take more registers than there are.
    private static int[] Strides => [1, 2, 4, 16, 32];

    internal static void RunTiles(string bits)
    {
        VectorWidth width = VectorWidth.Available.Single(w => w.Bits.ToString() == bits);
        using CpuMemory memory = new(4096);
        long offset = 0;
        foreach (int stride in Strides)
        {
            var work = new TileWork
            {
                Source = memory.Pointer,
                Offsets = &offset,
                Taps = 1,
                Length = 16,
                Step = 1,
                Weight = memory.Pointer + 1024,
                WeightBlock = 256,
                Result = memory.Pointer + 2048,
                ResultRow = 16,
                ResultBlock = 512,
            };
            Tiles.Of(width, 2, stride)[width.TileRows](&work);
        }

        GemmTiles tiles = GemmTiles.For(width);
        float* p = memory.Pointer, rows = p + 1024;
        float** streams = stackalloc float*[] { rows, rows, rows, rows, rows, rows };
        tiles.Multiply(tiles.Rows, depth: 16, p, p, p + 2048, tiles.Columns, scale: 1, accumulate: false, p, 0);
        tiles.Dots(tiles.Samples, GemmTiles.Streams, depth: 16, p, 16, rows, 16, rows, 0, p + 2048);
        tiles.Combine(tiles.Samples, columns: 16, p, streams, rows, 0, p + 2048, 16);
    }

    private static string Disassemble(VectorWidth width)
    {
        string listing = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"tiles{width.Bits}.{Environment.ProcessId}.asm");
        string tests = typeof(TileCodeTests).Assembly.Location;
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", tests])
        {
            Environment =
            {
                [Request] = width.Bits.ToString(),
                ["DOTNET_STARTUP_HOOKS"] = tests,
                ["DOTNET_JitStdOutFile"] = listing,
                ["DOTNET_JitDisasm"] = $"*Tile{width.Bits}:Run* *GemmTiles*:Multiply* *GemmTiles*:Dots* *GemmTiles*:Combine*",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Zero, output + errors.Result);
            Assert.That(listing, Does.Exist, output + errors.Result);
            return File.ReadAllText(listing);
        }
        finally
        {
            File.Delete(listing);
        }
    }
}
