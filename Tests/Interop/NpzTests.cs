using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class NpzTests
{
    // 2×3×4 numbers that every type holds exactly.
    private static readonly float[] Numbers = [.. Enumerable.Range(0, 24).Select(i => (i - 10) / 4f)];

    private static readonly long[] Shape = [2, 3, 4];

    [Test]
    public void What_is_written_is_read_and_equal_content_gives_equal_bytes()
    {
        using var folder = new TemporaryFolder();
        SafetensorsSource[] tensors = [SafetensorsSource.Of("a/b.weight", Shape, Numbers), SafetensorsSource.Of("one", [3], new float[3]), SafetensorsSource.Of("scalar", [], new[] { 7f })];
        Npz.Write(folder["a.npz"], tensors);
        Npz.Write(folder["b.npz"], tensors);
        Assert.That(File.ReadAllBytes(folder["b.npz"]), Is.EqualTo(File.ReadAllBytes(folder["a.npz"])));
        using NpzFile file = Npz.Open(folder["a.npz"]);
        Assert.That(file.Arrays.Select(a => $"{a.Name} {a.DataType} ({string.Join(",", a.Shape)})"), Is.EqualTo(new[] { "a/b.weight <f4 (2,3,4)", "one <f4 (3)", "scalar <f4 ()" }));
        Assert.That(Read(file, "a/b.weight"), Is.EqualTo(Numbers));
        Assert.That(Read(file, "scalar"), Is.EqualTo(new[] { 7f }));
    }

    [Test]
    public void Every_type_byte_order_and_order_of_elements_is_read_stored_or_compressed(
        [Values("f2", "f4", "f8")] string type, [Values('<', '>')] char bytes, [Values] bool isFortran, [Values] bool isCompressed, [Values(1, 2, 3)] int version)
    {
        using var folder = new TemporaryFolder();
        WriteArray(folder["x.npz"], $"{{'descr': '{bytes}{type}', 'fortran_order': {isFortran}, 'shape': (2, 3, 4), }}", Encoded(type, bytes == '>', isFortran), version, isCompressed);
        using NpzFile file = Npz.Open(folder["x.npz"]);
        Assert.That(Read(file, "x"), Is.EqualTo(Numbers));
        float[] part = new float[5];
        file.Read("x", 7, part);
        Assert.That(part, Is.EqualTo(Numbers[7..12]), "from the middle");
        file.Read("x", 3, part);
        Assert.That(part, Is.EqualTo(Numbers[3..8]), "and back");
    }

    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 5), }", "x.npy: <f4 (2, 3, 5) takes 120 bytes, but 96 follow its header")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }", "more than can be counted")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, -4), }", "a size is expected")]
    [TestCase("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3, 4), }", "True or False is expected")]
    [TestCase("{'descr': '<f4', 'fortran_order': False}", "without descr, fortran_order or shape")]
    [TestCase("{'descr': '<f4', 'descr': '<f4'}", "unknown or there twice")]
    [TestCase("__import__('os')", "«{» is expected")]
    public void A_broken_header_is_said(string header, string message)
    {
        using var folder = new TemporaryFolder();
        WriteArray(folder["x.npz"], header, Encoded("f4", isBig: false, isFortran: false), version: 1, isCompressed: false);
        Assert.That(() => Npz.Open(folder["x.npz"]), Throws.TypeOf<WeightsFormatException>().With.Message.Contains(message));
    }

    [Test]
    public void Other_types_are_listed_but_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        WriteArray(folder["x.npz"], "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", new byte[24], version: 1, isCompressed: false);
        using NpzFile file = Npz.Open(folder["x.npz"]);
        Assert.That(() => file.Read("x", 0, new float[3]), Throws.TypeOf<WeightsFormatException>().With.Message.EndsWith("array x is <i8; only f2, f4 and f8 are read"));
        File.WriteAllText(folder["y.npz"], "no archive");
        Assert.That(() => Npz.Open(folder["y.npz"]), Throws.TypeOf<WeightsFormatException>().With.Message.Contains("is no .npz file, or a broken one"));
    }

    [Test]
    public void A_net_is_saved_and_loaded()
    {
        using var folder = new TemporaryFolder();
        using ExportedNet net = ExportedNet.Of(Nets.Find("resnet20").Graph(), batch: 1);
        Npz.Save(net.Parameters, folder["net.npz"]);
        using NpzFile file = Npz.Open(folder["net.npz"]);
        using Backend backend = Backends.Open("cpu");
        using var loaded = new ParameterSet(Nets.Find("resnet20").Graph(), backend);
        CheckpointReport report = Checkpoint.Load(loaded, file);
        Assert.That(report.Missing.Concat(report.Unused), Is.Empty);
        foreach (Parameter p in net.Parameters.All) Assert.That(loaded[p.Name].Read(), Is.EqualTo(p.Read()), p.Name);
    }

    [Test]
    public void Numpy_reads_what_is_written_and_writes_what_is_read()
    {
        using var folder = new TemporaryFolder();
        Npz.Write(folder["ours.npz"], [SafetensorsSource.Of("conv1.weight", Shape, Numbers), SafetensorsSource.Of("block/conv.bias", [24], Numbers), SafetensorsSource.Of("scalar", [], new[] { 7f })]);
        Python.Run("numpy", $"""
            import numpy
            ours = numpy.load({Python.Quoted(folder["ours.npz"])})
            numbers = (numpy.arange(24) - 10) / 4
            assert sorted(ours.files) == ['block/conv.bias', 'conv1.weight', 'scalar'], ours.files
            assert ours['conv1.weight'].shape == (2, 3, 4) and ours['conv1.weight'].dtype == numpy.float32 and (ours['conv1.weight'].ravel() == numbers).all()
            assert (ours['block/conv.bias'] == numbers).all() and ours['scalar'].shape == () and ours['scalar'] == 7
            arrays = dict((kind + order, numpy.array(numbers.reshape(2, 3, 4), kind, order=order)) for kind in ('<f2', '>f2', '<f4', '>f4', '<f8', '>f8') for order in 'CF')
            numpy.savez({Python.Quoted(folder["stored.npz"])}, **arrays)
            numpy.savez_compressed({Python.Quoted(folder["compressed.npz"])}, **arrays)
            """);
        foreach (string name in (string[])["stored.npz", "compressed.npz"])
        {
            using NpzFile file = Npz.Open(folder[name]);
            Assert.That(file.Arrays, Has.Count.EqualTo(12));
            foreach (NpzArray array in file.Arrays) Assert.That(Read(file, array.Name), Is.EqualTo(Numbers), $"{name} {array}");
        }
    }

    private static float[] Read(NpzFile file, string name)
    {
        float[] values = new float[file.Find(name)!.Count];
        file.Read(name, 0, values);
        return values;
    }

    private static byte[] Encoded(string type, bool isBig, bool isFortran)
    {
        var bytes = new List<byte>();
        foreach (int i in Enumerable.Range(0, 24))
        {
            float value = Numbers[isFortran ? 12 * (i % 2) + 4 * (i / 2 % 3) + i / 6 : i];
            byte[] one = type switch { "f2" => BitConverter.GetBytes((Half)value), "f4" => BitConverter.GetBytes(value), _ => BitConverter.GetBytes((double)value) };
            bytes.AddRange(isBig ? one.Reverse() : one);
        }
        return [.. bytes];
    }

    private static void WriteArray(string path, string header, byte[] data, int version, bool isCompressed) => File.WriteAllBytes(path, Archive(header, data, version, isCompressed));

    /// <summary>A file with one array, «x».</summary>
    internal static byte[] Archive(string header, byte[] data, int version, bool isCompressed)
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true)) WriteEntry(archive, header, data, version, isCompressed);
        return file.ToArray();
    }

    private static void WriteEntry(ZipArchive archive, string header, byte[] data, int version, bool isCompressed)
    {
        using Stream to = archive.CreateEntry("x.npy", isCompressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression).Open();
        byte[] text = Encoding.ASCII.GetBytes(header + "\n"), length = new byte[version == 1 ? 2 : 4];
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        to.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', (byte)version, 0, .. length, .. text, .. data]);
    }
}
