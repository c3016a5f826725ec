using System.Buffers.Binary;
using System.Text;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class SafetensorsTests
{
    [Test]
    public void What_is_written_is_read_back_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        float[] weight = [.. Enumerable.Range(0, 2 * 3 * 5).Select(i => MathF.Sin(i))];
        float[] odd = [float.NaN, float.NegativeInfinity, -0f, float.Epsilon, float.MaxValue];
        Safetensors.Write(folder["w.safetensors"],
            [SafetensorsSource.Of("conv1.weight", [2, 3, 5], weight), SafetensorsSource.Of("scalar", [], new[] { 4f }), SafetensorsSource.Of("none", [0, 7], default), SafetensorsSource.Of("größe", [5], odd)],
            new Dictionary<string, string> { ["net"] = "caffenet", ["format"] = "evennet" });

        using SafetensorsFile file = Safetensors.Open(folder["w.safetensors"]);
        Assert.That(file.Tensors.Select(tensor => tensor.ToString()),
            Is.EqualTo(new[] { "conv1.weight F32 [2, 3, 5]", "scalar F32 []", "none F32 [0, 7]", "größe F32 [5]" }));
        Assert.That(file.Metadata, Is.EquivalentTo(new Dictionary<string, string> { ["net"] = "caffenet", ["format"] = "evennet" }));
        Assert.That(Bits(file, "conv1.weight"), Is.EqualTo(weight.Select(BitConverter.SingleToInt32Bits)));
        Assert.That(Bits(file, "scalar"), Is.EqualTo(new[] { BitConverter.SingleToInt32Bits(4) }));
        Assert.That(Bits(file, "none"), Is.Empty);
        Assert.That(Bits(file, "größe"), Is.EqualTo(odd.Select(BitConverter.SingleToInt32Bits)));
        float[] part = new float[4];
        file.Read("conv1.weight", 7, part);
        Assert.That(part, Is.EqualTo(weight[7..11]));
    }

    [Test]
    public void The_bytes_are_those_of_the_format()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder["w"], [SafetensorsSource.Of("b", [2], new[] { 1f, -2f })], new Dictionary<string, string> { ["z"] = "1", ["a"] = "2" });
        byte[] bytes = File.ReadAllBytes(folder["w"]);
        long header = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.That(header % 8, Is.Zero);
        Assert.That(Encoding.UTF8.GetString(bytes, 8, (int)header).TrimEnd(' '),
            Is.EqualTo("""{"__metadata__":{"a":"2","z":"1"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"""));
        Assert.That(bytes[(int)(8 + header)..], Is.EqualTo(new byte[] { 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0 }));
    }

    [Test]
    public void Equal_content_gives_equal_bytes_and_order_is_kept()
    {
        using var folder = new TemporaryFolder();
        for (int run = 0; run < 2; run++)
            Safetensors.Write(folder[$"{run}"], [SafetensorsSource.Of("z", [1], new[] { 1f }), SafetensorsSource.Of("a", [1], new[] { 2f })],
                run == 0 ? new Dictionary<string, string> { ["p"] = "1", ["q"] = "2" } : new Dictionary<string, string> { ["q"] = "2", ["p"] = "1" });
        Assert.That(File.ReadAllBytes(folder["0"]), Is.EqualTo(File.ReadAllBytes(folder["1"])));
        using SafetensorsFile file = Safetensors.Open(folder["0"]);
        Assert.That(file.Tensors.Select(tensor => tensor.Name), Is.EqualTo(new[] { "z", "a" }));
    }

    [Test]
    public void Large_tensors_are_streamed_in_chunks()
    {
        using var folder = new TemporaryFolder();
        const long count = 3_000_001;
        long most = 0, next = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Safetensors.Write(folder["w"], [new SafetensorsSource("big", [count], (first, buffer) =>
        {
            Assert.That(first, Is.EqualTo(next));
            next += buffer.Length;
            most = Math.Max(most, buffer.Length);
            for (int i = 0; i < buffer.Length; i++) buffer[i] = first + i;
        })]);
        Assert.That(next, Is.EqualTo(count));
        Assert.That(most, Is.LessThan(count / 4));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2_000_000), "bytes allocated for a file of 12 MB");

        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        float[] tail = new float[5];
        file.Read("big", count - 5, tail);
        Assert.That(tail, Is.EqualTo(new[] { 2_999_996f, 2_999_997f, 2_999_998f, 2_999_999f, 3_000_000f }));
    }

    [Test]
    public void Doubles_are_read_as_floats_unless_they_do_not_fit()
    {
        using var folder = new TemporaryFolder();
        byte[] data = new byte[24];
        BinaryPrimitives.WriteDoubleLittleEndian(data, 0.1);
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(8), double.NegativeInfinity);
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(16), 1e300);
        WriteRaw(folder["w"], """{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"b":{"dtype":"F64","shape":[1],"data_offsets":[16,24]}}""", data);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        float[] values = new float[2];
        file.Read("a", values);
        Assert.That(values, Is.EqualTo(new[] { 0.1f, float.NegativeInfinity }));
        Assert.That(() => file.Read("b", new float[1]), Throws.TypeOf<WeightsFormatException>().With.Message.Contains("tensor b holds 1E+300"));
    }

    [Test]
    public void Both_kinds_of_halves_are_read()
    {
        using var folder = new TemporaryFolder();
        // One, minus two and the smallest subnormal of IEEE's half; then one, minus two and a third of the upper half of float32.
        byte[] data = [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x80, 0x3f, 0x00, 0xc0, 0xab, 0x3e];
        WriteRaw(folder["w"], """{"a":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"b":{"dtype":"BF16","shape":[3],"data_offsets":[6,12]}}""", data);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        float[] a = new float[3], b = new float[2];
        file.Read("a", a);
        file.Read("b", 1, b);
        Assert.That(a, Is.EqualTo(new[] { 1f, -2, 5.9604645e-8f }));
        Assert.That(b, Is.EqualTo(new[] { -2f, 0.333984375f }));
    }

    [Test]
    public void Other_types_are_listed_but_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        WriteRaw(folder["w"], """{"count":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}""", new byte[16]);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        Assert.That(file.Find("count")!.Count, Is.EqualTo(2));
        Assert.That(() => file.Read("count", new float[2]),
            Throws.TypeOf<WeightsFormatException>().With.Message.EqualTo($"{folder["w"]}: tensor count is I64; only F32, F64, F16 and BF16 are read"));
    }

    [Test]
    public void A_wrong_name_or_size_says_both_numbers()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder["w"], [SafetensorsSource.Of("a", [2, 3], new float[6])]);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        Assert.That(() => file.Read("b", new float[6]), Throws.TypeOf<WeightsFormatException>().With.Message.EndsWith("has no tensor named b"));
        Assert.That(() => file.Read("a", new float[5]), Throws.TypeOf<WeightsFormatException>().With.Message.EndsWith("tensor a [2, 3] has 6 elements, not 5"));
        Assert.That(() => file.Read("a", 4, new float[3]), Throws.TypeOf<WeightsFormatException>());
        Assert.That(() => file.Read("a", -1, new float[3]), Throws.TypeOf<WeightsFormatException>());
    }

    [Test]
    public void What_cannot_be_written_is_refused_before_the_file_is_touched()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["w"], "earlier");
        SafetensorsSource a = SafetensorsSource.Of("a", [1], new float[1]);
        Assert.That(() => Safetensors.Write(folder["w"], [a, a]), Throws.ArgumentException);
        Assert.That(() => Safetensors.Write(folder["w"], [a with { Name = "__metadata__" }]), Throws.ArgumentException);
        Assert.That(() => Safetensors.Write(folder["w"], [a with { Shape = [-1] }]), Throws.ArgumentException);
        Assert.That(() => SafetensorsSource.Of("a", [2, 2], new float[3]), Throws.ArgumentException.With.Message.EqualTo("a: [2, 2] is 4 elements, got 3"));
        Assert.That(File.ReadAllText(folder["w"]), Is.EqualTo("earlier"));
    }

    [Test]
    public void A_cancelled_write_leaves_the_earlier_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["w"], "earlier");
        using var cancellation = new CancellationTokenSource();
        var source = new SafetensorsSource("a", [10_000_000], (first, _) => { if (first > 0) cancellation.Cancel(); });
        Assert.That(() => Safetensors.Write(folder["w"], [source], cancellation: cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(folder.Names, Is.EqualTo(new[] { "w" }));
        Assert.That(File.ReadAllText(folder["w"]), Is.EqualTo("earlier"));
    }

    // Each is one thing that is wrong with a header, and a word of the message that says so.
    private static IEnumerable<TestCaseData> WrongHeaders()
    {
        static TestCaseData Case(string name, string json, int data, string message) => new TestCaseData(json, data, message).SetArgDisplayNames(name);
        yield return Case("not JSON", """{"a":""", 0, "not valid JSON");
        yield return Case("not an object", "[1,2]", 0, "does not start with «{»");
        yield return Case("leading space", " {}", 0, "does not start with «{»");
        yield return Case("two values", "{}{}", 0, "not valid JSON");
        yield return Case("comment", "{/**/}", 0, "not valid JSON");
        yield return Case("entry is a number", """{"a":3}""", 0, "entry a is not an object");
        yield return Case("name twice", """{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}""", 8, "two entries are named a");
        yield return Case("name twice, once escaped", """{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}""", 8, "two entries are named a");
        yield return Case("metadata twice", """{"__metadata__":{},"__metadata__":{}}""", 0, "two entries are named __metadata__");
        yield return Case("metadata number", """{"__metadata__":{"epoch":3}}""", 0, "entry epoch is not a string");
        yield return Case("metadata object", """{"__metadata__":{"epoch":{}}}""", 0, "entry epoch is not a string");
        yield return Case("metadata key twice", """{"__metadata__":{"k":"1","k":"2"}}""", 0, "entries are named k");
        yield return Case("lone surrogate", """{"__metadata__":{"k":"\ud800"}}""", 0, "not Unicode text");
        yield return Case("lone surrogate in a name", """{"\ud800":{}}""", 0, "not Unicode text");
        yield return Case("no dtype", """{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "no dtype");
        yield return Case("no shape", """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "no shape");
        yield return Case("no offsets", """{"a":{"dtype":"F32","shape":[1]}}""", 4, "no data_offsets");
        yield return Case("dtype twice", """{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype twice");
        yield return Case("unknown entry", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "unknown entry x");
        yield return Case("unknown dtype", """{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype F31");
        yield return Case("dtype number", """{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", 4, "dtype is not a string");
        yield return Case("shape is a number", """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "shape is not a list");
        yield return Case("negative size", """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "shape holds something other");
        yield return Case("two negatives", """{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}""", 4, "shape holds something other");
        yield return Case("fractional size", """{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", 4, "shape holds something other");
        yield return Case("size beyond 64 bits", """{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}""", 4, "shape holds something other");
        yield return Case("product wraps to 4", """{"a":{"dtype":"F32","shape":[4611686018427387905,1],"data_offsets":[0,4]}}""", 4, "more than can be counted");
        yield return Case("product wraps to 0", """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "more than can be counted");
        yield return Case("too many sizes", """{"a":{"dtype":"F32","shape":[ONES],"data_offsets":[0,4]}}""".Replace("ONES", string.Join(",", Enumerable.Repeat(1, 33)), StringComparison.Ordinal), 4, "more than 32 numbers");
        yield return Case("nested shape", """{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, "shape holds something other");
        yield return Case("deep nesting", """{"a":{"dtype":"F32","shape":[[[[[1]]]]],"data_offsets":[0,4]}}""", 4, "shape holds something other");
        yield return Case("one offset", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", 4, "data_offsets has 1 numbers, not 2");
        yield return Case("offsets backwards", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "end at 0, before they begin at 4");
        yield return Case("bytes disagree", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "F32 [2] takes 8 bytes, but data_offsets 0 to 4 hold 4");
        yield return Case("cut off", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "ends at byte 8, but the file has 4 bytes of data");
        yield return Case("far outside", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}""", 4, "but the file has 4 bytes of data");
        yield return Case("trailing bytes", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "the tensors end at byte 4, but the file has 5");
        yield return Case("overlap", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at byte 4, inside another that ends at 8");
        yield return Case("hole", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "bytes 4 to 8 before tensor b belong to no tensor");
        yield return Case("hole at the start", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "bytes 0 to 4 before tensor a belong to no tensor");
        yield return Case("empty header, bytes after", "{}", 4, "the tensors end at byte 0, but the file has 4");
    }

    [TestCaseSource(nameof(WrongHeaders))]
    public void A_wrong_header_is_refused_with_its_reason(string json, int data, string message)
    {
        using var folder = new TemporaryFolder();
        WriteRaw(folder["w.safetensors"], json, new byte[data]);
        Assert.That(() => Safetensors.Open(folder["w.safetensors"]),
            Throws.TypeOf<WeightsFormatException>().With.Message.StartsWith(folder["w.safetensors"] + ": ").And.Message.Contains(message));
    }

    [TestCase(new byte[0], "0 bytes are too few", TestName = "An empty file is refused")]
    [TestCase(new byte[] { 1, 2, 3 }, "3 bytes are too few", TestName = "A file of three bytes is refused")]
    [TestCase(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0 }, "does not start with «{»", TestName = "A header of no length is refused")]
    [TestCase(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D }, "given as 3 bytes, but the file has 2", TestName = "A header longer than the file is refused")]
    [TestCase(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 0x7B, 0x7D }, "given as 18446744073709551615 bytes", TestName = "A header of 2 to the 64th is refused")]
    [TestCase(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0xFF, 0x7D }, "not UTF-8", TestName = "A header that is not UTF-8 is refused")]
    public void A_wrong_start_is_refused(byte[] bytes, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["w"], bytes);
        Assert.That(() => Safetensors.Open(folder["w"]), Throws.TypeOf<WeightsFormatException>().With.Message.Contains(message));
    }

    [Test]
    public void A_header_above_the_limit_is_refused_without_being_read()
    {
        using var folder = new TemporaryFolder();
        using (FileStream stream = File.Create(folder["w"]))
        {
            stream.Write(BitConverter.GetBytes(Safetensors.LongestHeaderBytes + 8));
            stream.SetLength(Safetensors.LongestHeaderBytes + 100);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Safetensors.Open(folder["w"]), Throws.TypeOf<WeightsFormatException>().With.Message.Contains("more than the format's 100000000"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
    }

    [Test]
    public void A_file_cut_while_it_is_open_is_an_error_and_not_zeros()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder["w"], [SafetensorsSource.Of("a", [100], new float[100])]);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        using (var cut = new FileStream(folder["w"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) cut.SetLength(cut.Length - 8);
        Assert.That(() => file.Read("a", new float[100]), Throws.TypeOf<WeightsFormatException>().With.Message.Contains("ends 8 bytes early"));
    }

    [Test]
    public void Mutated_files_throw_only_the_format_error_and_allocate_little()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder["seed"], [SafetensorsSource.Of("conv1.weight", [2, 3], new float[6]), SafetensorsSource.Of("conv1.bias", [2], new float[2])],
            new Dictionary<string, string> { ["net"] = "caffenet" });
        byte[] seed = File.ReadAllBytes(folder["seed"]);
        string[] words = ["-1", "0", "9223372036854775807", "1e3", "null", "[]", "{}", "\"F64\"", "\"F32\"", "8", "24", "\\u0061", "{", "}", "\"", ",", ":"];
        var random = new Random(11);
        int refused = 0, accepted = 0;
        for (int round = 0; round < 6000; round++)
        {
            List<byte> bytes = [.. seed];
            for (int edits = random.Next(1, 4); edits > 0; edits--) Mutate(bytes, random, words);
            // Half the time the length is put right again, or most rounds would stop at it.
            if (round % 2 == 0 && bytes.Count > 40)
                BinaryPrimitives.WriteInt64LittleEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes), bytes.Count - 8 - 32);
            File.WriteAllBytes(folder["mutant"], bytes.ToArray());
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using SafetensorsFile file = Safetensors.Open(folder["mutant"]);
                foreach (SafetensorsTensor tensor in file.Tensors.Where(tensor => tensor.DataType is "F32" or "F64")) file.Read(tensor.Name, new float[tensor.Count]);
                accepted++;
            }
            catch (WeightsFormatException)
            {
                refused++;
            }
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(200_000), "bytes allocated");
        }
        TestContext.Out.WriteLine($"{refused} refused, {accepted} accepted");
        Assert.That(refused, Is.GreaterThan(3000));
        Assert.That(accepted, Is.GreaterThan(100), "some edits leave a good file, such as one of the data");
    }

    [Test]
    public void A_file_of_another_program_is_read()
    {
        // As the format's Python package writes it: keys in another order, no padding.
        using var folder = new TemporaryFolder();
        WriteRaw(folder["w"], """{"w":{"shape":[1,2],"data_offsets":[4,12],"dtype":"F32"}, "__metadata__":{"format":"pt"}, "b":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}   """, [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f), .. BitConverter.GetBytes(3f)]);
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        float[] values = new float[2];
        file.Read("w", values);
        Assert.That(values, Is.EqualTo(new[] { 2f, 3f }));
    }

    private static void Mutate(List<byte> bytes, Random random, string[] words)
    {
        int at = random.Next(bytes.Count);
        switch (random.Next(5))
        {
            case 0: bytes[at] = (byte)random.Next(256); break;
            case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); if (bytes.Count == 0) bytes.Add(0); break;
            case 2: bytes.InsertRange(at, Encoding.UTF8.GetBytes(words[random.Next(words.Length)])); break;
            case 3: bytes.InsertRange(at, bytes.GetRange(0, random.Next(bytes.Count))); break;
            default: bytes[at] ^= (byte)(1 << random.Next(8)); break;
        }
    }

    private static IEnumerable<int> Bits(SafetensorsFile file, string name)
    {
        float[] values = new float[file.Find(name)!.Count];
        file.Read(name, values);
        return values.Select(BitConverter.SingleToInt32Bits);
    }

    private static void WriteRaw(string path, string json, byte[] data)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header, .. data]);
    }
}
