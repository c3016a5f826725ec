using System.Text;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;
using Google.Protobuf;

namespace EvenNet.Tests.Interop;

/// <summary>Hostile files: whatever the bytes, a reader either reads or says what is wrong, in memory that the file's size bounds.</summary>
public sealed class CaffeFuzzTests
{
    private const int Ordinary = 2_000, Nightly = 100_000;

    // A description's objects are much larger than the two bytes that ask for one.
    private const long BytesAByte = 1_000, BytesAnyway = 16 << 20;

    private const string Text = """
        name: "fuzz" input: "data" input_shape { dim: 2 dim: 3 dim: 8 dim: 8 }
        layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { name: "w" lr_mult: 1 } convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 1 stride: 2 weight_filler { type: "xavier" } } }
        layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" include { phase: TEST } relu_param { negative_slope: 0.1 } }
        layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
        layer { name: "slice" type: "Slice" bottom: "pool1" top: "s1" top: "s2" slice_param { slice_point: 1 } }
        layer { name: "flat" type: "Flatten" bottom: "s2" top: "flat" } layer { name: "shape" type: "Reshape" bottom: "flat" top: "shape" reshape_param { shape { dim: 0 dim: -1 dim: 2 } } }
        layer { name: "cat" type: "Concat" bottom: "s1" bottom: "s2" top: "cat" } layer { name: "fc" type: "InnerProduct" bottom: "cat" top: "fc" inner_product_param { num_output: 5 } }
        layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
        """;

    private static readonly string[] Words =
        ["layer", "layers", "{", "}", "<", ">", "[", "]", ":", ",", ";", "-", "\"", "'", "\\x", "#", "\n", "name", "type", "bottom", "top", "\"x\"", "\"Convolution\"", "CONVOLUTION", "4294967295", "-1", "0x", "1e999", "nan",
            "convolution_param", "kernel_size", "num_output", "input", "input_dim", "shape", "dim", "99999999999999999999", "true", "blobs", "data", "\"Reshape\"", "reshape_param", "\"Slice\"", "slice_param", "slice_point"];

    private static byte[] Binary()
    {
        Graph graph = CaffeFile.ParseText(Text, "seed").Graph().Graph;
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(graph, cpu);
        using var folder = new TemporaryFolder();
        new CaffeExport(parameters, "fuzz", CaffeFile.ParseText(Text, "seed")).WriteBinary(folder["a.caffemodel"]);
        return File.ReadAllBytes(folder["a.caffemodel"]);
    }

    [Test]
    public void Text_files_are_read_or_refused() => Attack(Ordinary, TextInput, text => CaffeFile.ParseText(Encoding.UTF8.GetString(text), "f").Graph());

    [Test]
    [Explicit("a hundred thousand inputs take minutes"), Category("Nightly")]
    public void A_night_of_text_files() => Attack(Nightly, TextInput, text => CaffeFile.ParseText(Encoding.UTF8.GetString(text), "f").Graph());

    [Test]
    public void Binary_files_are_read_or_refused() => Attack(Ordinary, BinaryInput(), ReadBinary());

    [Test]
    [Explicit("a hundred thousand inputs take minutes"), Category("Nightly")]
    public void A_night_of_binary_files() => Attack(Nightly, BinaryInput(), ReadBinary());

    [Test]
    public void Mean_files_are_read_or_refused()
    {
        var blob = new EvenNet.Interop.CaffeFormat.BlobProto { Num = 1, Channels = 3, Height = 2, Width = 2, Data = { new float[12] } };
        byte[] seed = blob.ToByteArray();
        Attack(Ordinary, random => Mutated(seed, random), bytes => CaffeMeanFile.Parse(new MemoryStream(bytes), "f"));
    }

    [Test]
    public void Two_bytes_a_layer_end_before_the_memory_does()
    {
        byte[] layers = [.. Enumerable.Repeat((byte[])[0xA2, 0x06, 0x00], 1_000_000).SelectMany(b => b)];
        Assert.That(Assert.Throws<NetFormatException>(() => CaffeFile.ParseBinary(new MemoryStream(layers), "f")).Message, Does.Contain("more than 20000 layers"));
    }

    [Test]
    public void A_length_beyond_the_end_takes_no_memory()
    {
        // A layer of two gigabytes in a file of eight bytes, and a blob of as many floats.
        foreach (byte[] file in (byte[][])[[0xA2, 0x06, 0x80, 0xFE, 0xFF, 0xFF, 0x07, 0x0A], [0xA2, 0x06, 0x08, 0x3A, 0x06, 0x2A, 0x80, 0xFE, 0xFF, 0xFF, 0x07]])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.That(() => CaffeFile.ParseBinary(new MemoryStream(file), "f"), Throws.TypeOf<NetFormatException>());
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        }
    }

    // Reads, builds the graph if it is small, and loads the weights.
    private static Action<byte[]> ReadBinary() => bytes =>
    {
        CaffeFile file = CaffeFile.ParseBinary(new MemoryStream(bytes), "f");
        using Backend cpu = Backends.Open("reference");
        using var parameters = new ParameterSet(CaffeFile.ParseText(Text, "seed").Graph().Graph, cpu);
        file.Load(parameters, strict: false);
    };

    private static void Attack(int count, Func<Random, byte[]> make, Action<byte[]> read)
    {
        int refused = 0;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 0; i < count; i++)
        {
            byte[] input = make(new Random(i));
            long before = GC.GetAllocatedBytesForCurrentThread(), start = watch.ElapsedMilliseconds;
            try
            {
                read(input);
            }
            catch (Exception error) when (error is NetFormatException or WeightsFormatException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"input {i}: {error}\n{Encoding.UTF8.GetString(input)}");
            }
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(BytesAnyway + BytesAByte * input.Length), $"memory for input {i}");
            Assert.That(watch.ElapsedMilliseconds - start, Is.LessThan(10_000), $"milliseconds for input {i}");
        }
        TestContext.Out.WriteLine($"{count} inputs, {refused} refused, {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.That(refused, Is.InRange(count / 20, count - 1), "some are broken and some are not");
    }

    private static Func<Random, byte[]> BinaryInput()
    {
        byte[] seed = Binary();
        return random => random.Next(4) == 0 ? Generated(random) : Mutated(seed, random);
    }

    private static byte[] TextInput(Random random)
    {
        if (random.Next(4) != 0) return random.Next(2) == 0 ? Mutated(Encoding.UTF8.GetBytes(Text), random) : Spliced(random);
        var text = new StringBuilder();
        for (int i = random.Next(60); i >= 0; i--) text.Append(Words[random.Next(Words.Length)]).Append(' ');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // Words of the description exchanged for others, left out or doubled.
    private static byte[] Spliced(Random random)
    {
        List<string> words = [.. Text.Split(' ')];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(words.Count);
            if (random.Next(3) == 0) words.RemoveAt(at);
            else if (random.Next(2) == 0) words[at] = words[random.Next(words.Count)];
            else words[at] = Words[random.Next(Words.Length)];
        }
        return Encoding.UTF8.GetBytes(string.Join(' ', words));
    }

    // Tags of the fields there are, with lengths that may be wrong.
    private static byte[] Generated(Random random)
    {
        var bytes = new MemoryStream();
        for (int i = random.Next(40); i >= 0; i--)
        {
            bytes.Write(random.Next(3) == 0 ? [0xA2, 0x06] : [(byte)((random.Next(16) << 3) | random.Next(8))]);
            bytes.WriteByte((byte)random.Next(random.Next(2) == 0 ? 8 : 256));
            for (int k = random.Next(6); k > 0; k--) bytes.WriteByte((byte)random.Next(256));
        }
        return bytes.ToArray();
    }

    private static byte[] Mutated(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.Insert(at, (byte)random.Next(256)); break;
                case 3: bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 33), bytes.Count - at))); break;
            }
        }
        return [.. bytes];
    }
}
