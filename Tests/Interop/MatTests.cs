using EvenNet.Interop;

namespace EvenNet.Tests;

public sealed class MatTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => folder.Dispose();

    // Kind of the array and the storage of its numbers: MATLAB stores doubles that are whole and small as small integers.
    [Test]
    public void Numbers_of_every_storage_are_read([Values] bool isBig, [Values] bool isCompressed, [Values(1, 2, 3, 4, 5, 6, 7, 9, 12, 13)] int storage)
    {
        var writer = new MatWriter(isBig);
        double[] values = [1, 2, 3, 100, 101, 102];
        var numbers = (MatNumbers)Read(writer.Add(writer.Numbers("x", [3, 2], values, storage: storage), isCompressed)).Single();
        Assert.That(numbers.Name, Is.EqualTo("x"));
        Assert.That(numbers.Dimensions, Is.EqualTo(new[] { 3, 2 }));
        Assert.That(Enumerable.Range(0, 6).Select(i => numbers[i]), Is.EqualTo(values));
    }

    [Test]
    public void Signs_and_fractions_survive()
    {
        var writer = new MatWriter();
        writer.Add(writer.Numbers("d", [1, 2], [-0.1, 1e300])).Add(writer.Numbers("i", [1, 1], [-3], kind: 8, storage: 1)).Add(writer.Numbers("none", [0, 4], []));
        MatArray[] all = [.. Read(writer)];
        Assert.That(((MatNumbers)all[0])[0], Is.EqualTo(-0.1));
        Assert.That(((MatNumbers)all[0])[1], Is.EqualTo(1e300));
        Assert.That(((MatNumbers)all[1])[0], Is.EqualTo(-3));
        Assert.That(all[2].Count, Is.Zero);
    }

    [Test]
    public void Texts_and_cells_in_cells_are_read([Values] bool isBig, [Values(16, 17)] int storage)
    {
        var writer = new MatWriter(isBig);
        writer.Add(writer.Cells("c", [1, 3], writer.Text("", "000005", storage), writer.Cells("", [1, 1], writer.Text("", "ü", storage)), writer.Numbers("", [1, 1], [7])), isCompressed: true);
        var cells = (MatCells)Read(writer).Single();
        Assert.That(((MatText)cells.Cells[0]).Text, Is.EqualTo("000005"));
        Assert.That(((MatText)((MatCells)cells.Cells[1]).Cells[0]).Text, Is.EqualTo("ü"));
        Assert.That(((MatNumbers)cells.Cells[2])[0], Is.EqualTo(7));
    }

    [Test]
    public void What_is_not_read_is_named_and_passed_over()
    {
        var writer = new MatWriter();
        writer.Add(writer.Matrix(2, "s", [1, 1], [])).Add(writer.Matrix(6, "z", [1, 1], [], flags: 8)).Add(writer.Numbers("after", [1, 1], [1]));
        Assert.That(Read(writer).Select(v => $"{v.Name}: {v}"), Is.EqualTo(new[] { "s: 1×1 struct", "z: 1×1 complex numbers", "after: 1×1 numbers" }));
    }

    [Test]
    public void A_broken_file_is_told_with_its_name_and_byte()
    {
        var writer = new MatWriter();
        byte[] good = writer.Add(writer.Numbers("x", [3, 2], [1, 2, 3, 4, 5, 6])).Bytes;
        byte[] wrongCount = [.. good];
        wrongCount[128 + 8 + 16 + 8] = 9;
        Fails([.. "not a file of MATLAB's"u8], "byte 0: a MATLAB file begins with 128 bytes, this one has 22");
        Fails([.. "MATLAB 7.3 MAT-file"u8, .. new byte[200]], "byte 0: a file of version 7.3, which is HDF5");
        Fails(new byte[200], "byte 126: no MATLAB file of level 5");
        Fails(good[..^20], "byte 128: an element is said to have", "are left");
        Fails(wrongCount, "byte 128: variable x: 9×2 numbers of 8 bytes each were expected, got 48 bytes");
        Fails([.. good, 15, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4], $"byte {good.Length}: ");
    }

    [Test]
    public void Cells_that_claim_to_be_many_take_no_memory()
    {
        var writer = new MatWriter();
        Fails(writer.Add(writer.Cells("c", [int.MaxValue, 1])).Bytes, "2147483647 cells cannot lie in");
        writer = new MatWriter();
        Fails(writer.Add(writer.Cells("c", [int.MaxValue, int.MaxValue, int.MaxValue])).Bytes, "more than can be counted");
    }

    [Test]
    public void Cells_without_end_do_not_end_the_process()
    {
        var writer = new MatWriter();
        byte[] inner = writer.Numbers("", [1, 1], [1]);
        for (int i = 0; i < 60; i++) inner = writer.Cells("", [1, 1], inner);
        Fails(writer.Add(inner).Bytes, "cells lie in cells more than 32 deep");
    }

    private IReadOnlyList<MatArray> Read(MatWriter writer)
    {
        File.WriteAllBytes(folder["a.mat"], writer.Bytes);
        return MatFile.Read(folder["a.mat"]);
    }

    private void Fails(byte[] bytes, params string[] messages)
    {
        File.WriteAllBytes(folder["bad.mat"], bytes);
        MatFormatException error = Assert.Throws<MatFormatException>(() => MatFile.Read(folder["bad.mat"]))!;
        foreach (string message in messages.Prepend("bad.mat: ")) Assert.That(error.Message, Does.Contain(message));
    }
}
