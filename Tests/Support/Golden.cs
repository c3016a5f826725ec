using System.Runtime.InteropServices;
using System.Text.Json;

namespace EvenNet.Tests;

/// <summary>One case recorded from Caffe: its tensors by name, float32 in C order. The folder's README says what the names mean.</summary>
internal sealed class Golden
{
    private readonly Dictionary<string, (int[] Shape, int Offset)> places = new(StringComparer.Ordinal);
    private readonly float[] all;

    private Golden(JsonElement entry)
    {
        all = [.. MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(SharedData.Require("goldens", entry.GetProperty("tensor_file").GetString()!)))];
        foreach (JsonElement tensor in entry.GetProperty("tensors").EnumerateArray())
        {
            int[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32())];
            places[tensor.GetProperty("name").GetString()!] = (shape, tensor.GetProperty("offset").GetInt32());
        }
    }

    /// <summary>Reads a case; the test is skipped, with the reason, where the recorded values are absent.</summary>
    public static Golden Open(string name) => new(SharedData.Golden(name));

    public IEnumerable<string> Names => places.Keys;

    public bool Has(string tensor) => places.ContainsKey(tensor);

    public int[] Shape(string tensor) => places[tensor].Shape;

    /// <summary>A tensor's values.</summary>
    public float[] this[string tensor]
    {
        get
        {
            (int[] shape, int offset) = places[tensor];
            return all.AsSpan(offset, shape.Aggregate(1, (count, size) => count * size)).ToArray();
        }
    }

    /// <summary>Names that begin with «prefix/», without it.</summary>
    public IEnumerable<string> Under(string prefix) => Names.Where(n => n.StartsWith($"{prefix}/", StringComparison.Ordinal)).Select(n => n[(prefix.Length + 1)..]);
}
