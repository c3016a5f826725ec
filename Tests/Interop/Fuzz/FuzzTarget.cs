using System.Text;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Interop.OnnxFormat;
using Google.Protobuf;

namespace EvenNet.Tests;

/// <summary>A reader of files from strangers, and how to make files for it that get past its first check.</summary>
internal sealed record FuzzTarget(string Name, Func<IReadOnlyList<byte[]>> Seeds, Func<Mutator, IReadOnlyList<byte[]>, byte[]> Next, Action<string> Read, Func<Exception, bool> IsDocumented, long BytesForEachByte)
{
    // Numbers that are read to see that they can be; what is larger is left alone, as a net would leave what it has no place for.
    private const int MostRead = 1 << 16;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("safetensors", SafetensorsSeeds, NextSafetensors, ReadSafetensors, e => e is WeightsFormatException, 1000),
        new("npz", NpzSeeds, NextNpz, path => ReadAll(Npz.Open(path)), e => e is WeightsFormatException, 10_000),
        new("onnx", OnnxSeeds, NextOnnx, path => ReadAll(OnnxFile.Open(path)), e => e is WeightsFormatException, 2000),
        new("mat", MatSeeds, (mutator, seeds) => mutator.Damaged(mutator.Of(seeds), mutator.Of(seeds)), ReadMat, e => e is MatFormatException, 20_000),
        new("proposals", ProposalSeeds, (mutator, seeds) => mutator.Damaged(mutator.Of(seeds), mutator.Of(seeds)), path => _ = TextProposals.Read(path).Count(), e => e is ProposalsException, 1000),
        // A byte of deflate may hold a thousand bytes of one-bit pixels, and each of those becomes three bytes.
        new("png", PngSeeds, NextPng, path => new PngDecoder().Decode(File.ReadAllBytes(path), path), e => e is ImageFormatException, 60_000),
        new("voc annotation", VocSeeds, NextXml, path => VocAnnotation.Read(path), e => e is ImageSourceException, 1000),
    ];

    public override string ToString() => Name;

    private static byte[] Made(string name, Action<string> write)
    {
        using var folder = new TemporaryFolder();
        write(folder[name]);
        return File.ReadAllBytes(folder[name]);
    }

    private static void ReadAll(IWeightFile file)
    {
        using (file)
        {
            foreach (WeightTensor tensor in file.Tensors)
                if (tensor.Count <= MostRead && file.CanRead(tensor)) file.Read(tensor.Name, 0, new float[tensor.Count]);
        }
    }

    private static byte[][] SafetensorsSeeds() =>
    [
        Made("a", path => Safetensors.Write(path, [SafetensorsSource.Of("conv1.weight", [2, 3, 2, 2], new float[24]), SafetensorsSource.Of("conv1.bias", [2], new float[2])], new Dictionary<string, string> { ["net"] = "x" })),
        Made("b", path => Safetensors.Write(path, [SafetensorsSource.Of("é\n", [], new float[1]), SafetensorsSource.Of("none", [0, 3], Array.Empty<float>())])),
        WithHeader("""{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"d":{"dtype":"F64","shape":[1],"data_offsets":[4,12]},"i":{"dtype":"I64","shape":[1],"data_offsets":[12,20]}}"""u8, new byte[20]),
    ];

    private static byte[] WithHeader(ReadOnlySpan<byte> json, ReadOnlySpan<byte> data) => [.. BitConverter.GetBytes((long)json.Length), .. json, .. data];

    // Half of them with the header's length put right, so that the header itself is read.
    private static byte[] NextSafetensors(Mutator mutator, IReadOnlyList<byte[]> seeds)
    {
        byte[] file = mutator.Of(seeds);
        if (mutator.Random.Next(2) == 0) return mutator.Damaged(file, mutator.Of(seeds));
        int header = (int)BitConverter.ToInt64(file);
        return WithHeader(mutator.Damaged(file[8..(8 + header)], mutator.Of(seeds)), file.AsSpan(8 + header));
    }

    private static void ReadSafetensors(string path) => ReadAll(Safetensors.Open(path));

    private static byte[][] NpzSeeds() =>
    [
        Made("a", path => Npz.Write(path, [SafetensorsSource.Of("conv1.weight", [2, 3], new float[6]), SafetensorsSource.Of("s", [], new float[1])])),
        NpzTests.Archive("{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3, 4), }", new byte[192], version: 1, isCompressed: true),
        NpzTests.Archive("{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }", new byte[10], version: 3, isCompressed: false),
    ];

    private static byte[] NextNpz(Mutator mutator, IReadOnlyList<byte[]> seeds)
    {
        if (mutator.Random.Next(2) == 0) return mutator.Damaged(mutator.Of(seeds), mutator.Of(seeds));
        // A whole archive around a damaged array.
        string header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }";
        byte[] damaged = mutator.Damaged(Encoding.ASCII.GetBytes(header), mutator.Of(seeds));
        byte[] data = new byte[mutator.Random.Next(2) == 0 ? 24 : mutator.Random.Next(100)];
        return NpzTests.Archive(Encoding.Latin1.GetString(damaged), data, 1 + mutator.Random.Next(3), mutator.Random.Next(2) == 0);
    }

    private static byte[][] MatSeeds()
    {
        var little = new MatWriter();
        var big = new MatWriter(isBig: true);
        return
        [
            Add(little, isCompressed: false).Bytes,
            Add(new MatWriter(), isCompressed: true).Bytes,
            Add(big, isCompressed: false).Bytes,
        ];

        static MatWriter Add(MatWriter w, bool isCompressed) => w
            .Add(w.Cells("images", [2, 1], w.Text("", "000005"), w.Text("", "000007", 17)), isCompressed)
            .Add(w.Cells("boxes", [1, 2], w.Numbers("", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8], storage: 4), w.Numbers("", [0, 4], [])), isCompressed)
            .Add(w.Matrix(2, "s", [1, 1], new byte[16]), isCompressed);
    }

    private static void ReadMat(string path)
    {
        foreach (MatArray array in MatFile.Read(path)) Visit(array);

        static void Visit(MatArray array)
        {
            if (array is MatNumbers numbers)
                for (long i = 0; i < Math.Min(numbers.Count, MostRead); i++) _ = numbers[i];
            if (array is MatCells cells)
                foreach (MatArray cell in cells.Cells) Visit(cell);
        }
    }

    private static byte[][] ProposalSeeds() => [.. new[] { "# x\n000005 1 2 3 4\n000005 0 0 10.5 1e2\n000007\n", "a b\t1\t2\t3\t4\r\nc\t\n" }.Select(Encoding.UTF8.GetBytes)];

    private static byte[][] OnnxSeeds() =>
    [
        .. Every.LayerCase.Where((c, i) => i % 5 == 0 && c.Graph().Nodes.All(n => n.Layer is ILoss || OnnxExport.Layers.Contains(n.Layer.GetType()))).Select(c => Made("x", path =>
        {
            using ExportedNet net = ExportedNet.Of(c);
            OnnxExport.Write(net.Parameters, path);
        })).Where(bytes => bytes.Length < 20_000),
    ];

    private static byte[] NextOnnx(Mutator mutator, IReadOnlyList<byte[]> seeds)
    {
        byte[] file = mutator.Of(seeds);
        if (mutator.Random.Next(3) == 0) return mutator.Damaged(file, mutator.Of(seeds));
        // A message that is whole and says other things.
        ModelProto model = ModelProto.Parser.ParseFrom(file), other = ModelProto.Parser.ParseFrom(mutator.Of(seeds));
        for (int count = 1 + mutator.Random.Next(4); count > 0; count--) OnnxDamage.Do(model, other, mutator);
        return model.ToByteArray();
    }

    private static byte[][] PngSeeds()
    {
        byte[] pixels = new byte[3 * 7 * 5];
        new Random(1).NextBytes(pixels);
        var image = new Image(7, 5);
        pixels.CopyTo(image.Pixels, 0);
        return [PngWriter.Encode(image), PngWriter.EncodeGrey(7, 15, pixels), PngWriter.Encode(new Image(60, 60))];
    }

    // Half of them with the chunks' checksums put right, so that what is in the chunks is read.
    private static byte[] NextPng(Mutator mutator, IReadOnlyList<byte[]> seeds)
    {
        byte[] bytes = mutator.Damaged(mutator.Of(seeds), mutator.Of(seeds));
        if (mutator.Random.Next(4) > 0)
        {
            for (long at = 8; at + 12 <= bytes.Length;)
            {
                long length = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan((int)at));
                if (at + 12 + length > bytes.Length) break;
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan((int)(at + 8 + length)), Crc(bytes.AsSpan((int)at + 4, (int)length + 4)));
                at += 12 + length;
            }
        }
        return bytes;
    }

    // PNG specification, annex D, bit by bit.
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++) crc = (crc & 1) == 0 ? crc >> 1 : 0xedb88320 ^ (crc >> 1);
        }
        return ~crc;
    }

    private static byte[][] VocSeeds() =>
    [
        """
        <annotation><folder>VOC2007</folder><filename>000005.jpg</filename><size><width>500</width><height>375</height><depth>3</depth></size>
        <object><name>chair</name><pose>Rear</pose><truncated>0</truncated><difficult>0</difficult><bndbox><xmin>263</xmin><ymin>211</ymin><xmax>324</xmax><ymax>339</ymax></bndbox></object>
        <object><name>person</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>1.5</ymin><xmax>500</xmax><ymax>375</ymax></bndbox><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object></annotation>
        """u8.ToArray(),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><annotation><!-- & --><size><width>1</width><height>1</height></size><![CDATA[x]]></annotation>"u8.ToArray(),
    ];

    private static byte[] NextXml(Mutator mutator, IReadOnlyList<byte[]> seeds)
    {
        if (mutator.Random.Next(4) > 0) return mutator.Damaged(mutator.Of(seeds), mutator.Of(seeds));
        // Elements in any order and depth.
        string[] names = ["annotation", "size", "width", "height", "object", "name", "bndbox", "xmin", "ymin", "xmax", "ymax", "difficult"];
        var text = new StringBuilder();
        var open = new Stack<string>();
        for (int count = mutator.Random.Next(60); count > 0; count--)
        {
            if (open.Count > 0 && mutator.Random.Next(2) == 0) text.Append("</").Append(open.Pop()).Append('>');
            else if (mutator.Random.Next(3) == 0) text.Append(mutator.Random.Next(4) == 0 ? "dog" : $"{mutator.OddNumber()}");
            else
            {
                string name = open.Count == 0 ? "annotation" : mutator.Of(names);
                open.Push(name);
                text.Append('<').Append(name).Append('>');
            }
        }
        while (open.Count > 0) text.Append("</").Append(open.Pop()).Append('>');
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
