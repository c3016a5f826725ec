using System.Text.Json;

namespace EvenNet.Tests;

/// <summary>Reference values and pictures that lie beside the repository in a folder <c>shared</c>, never in it. Tests that need them are skipped where it is absent.</summary>
internal static class SharedData
{
    /// <summary>The folder, found by walking up from the tests; null where there is none.</summary>
    public static string? Root
    {
        get
        {
            for (DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory); folder is not null; folder = folder.Parent)
            {
                string shared = Path.Combine(folder.FullName, "shared");
                if (File.Exists(Path.Combine(shared, "goldens", "index.json"))) return shared;
            }
            return null;
        }
    }

    /// <summary>The full path of something in the folder; the test is ignored, with the reason, where it is absent.</summary>
    public static string Require(params string[] path)
    {
        if (Root is not { } root)
        {
            Assert.Ignore("no folder ../shared with goldens/index.json beside the repository");
            return "";
        }
        string full = Path.Combine([root, .. path]);
        if (!File.Exists(full) && !Directory.Exists(full)) Assert.Ignore($"../shared has no {Path.Combine(path)}");
        return full;
    }

    /// <summary>The entry of a golden case in the index; the file it names lies in the folder <c>goldens</c>.</summary>
    public static JsonElement Golden(string name)
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(Require("goldens", "index.json")));
        foreach (JsonElement entry in index.RootElement.GetProperty("cases").EnumerateArray())
            if (entry.GetProperty("name").GetString() == name) return entry.Clone();
        throw new ArgumentException($"no golden case {name}");
    }

    /// <summary>A tensor of a golden case: its sizes and its values in C order.</summary>
    public static (int[] Shape, float[] Values) GoldenTensor(JsonElement golden, string tensor)
    {
        string file = Require("goldens", golden.GetProperty("tensor_file").GetString()!);
        foreach (JsonElement entry in golden.GetProperty("tensors").EnumerateArray())
        {
            if (entry.GetProperty("name").GetString() != tensor) continue;
            int[] shape = [.. entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
            float[] values = new float[shape.Aggregate(1, (count, size) => count * size)];
            using FileStream stream = File.OpenRead(file);
            stream.Position = sizeof(float) * entry.GetProperty("offset").GetInt64();
            stream.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
            return (shape, values);
        }
        throw new ArgumentException($"no tensor {tensor} in {golden.GetProperty("name")}");
    }
}
