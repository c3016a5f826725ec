using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class AtomicFileTests
{
    [Test]
    public void What_is_written_replaces_the_target_and_leaves_nothing_else()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.txt"], "an earlier and longer text");
        AtomicFile.WriteText(folder["a.txt"], "new: ü");
        Assert.That(File.ReadAllBytes(folder["a.txt"]), Is.EqualTo("new: ü"u8.ToArray()));
        Assert.That(folder.Names, Is.EqualTo(new[] { "a.txt" }));
    }

    [Test]
    public void A_writer_that_throws_leaves_the_earlier_file_and_no_other()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.txt"], "earlier");
        var error = new InvalidOperationException("the work failed");
        Assert.That(() => AtomicFile.Write(folder["a.txt"], stream => { stream.WriteByte(1); throw error; }), Throws.Exception.SameAs(error));
        Assert.That(File.ReadAllText(folder["a.txt"]), Is.EqualTo("earlier"));
        Assert.That(folder.Names, Is.EqualTo(new[] { "a.txt" }));
    }

    [Test]
    public void An_error_of_the_file_system_names_the_target_and_not_the_temporary_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.txt"], "earlier");
        Assert.That(() => AtomicFile.Write(folder["a.txt"], _ => throw new IOException("No space left on device.")),
            Throws.TypeOf<IOException>().With.Message.EqualTo($"Cannot write {folder["a.txt"]}: No space left on device. The file that was there is unchanged."));
        Assert.That(folder.Names, Is.EqualTo(new[] { "a.txt" }));
    }

    [Test]
    public void A_cancellation_after_the_last_byte_still_leaves_the_earlier_file()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        File.WriteAllText(folder["a.txt"], "earlier");
        Assert.That(() => AtomicFile.Write(folder["a.txt"], stream => { stream.WriteByte(1); cancellation.Cancel(); }, cancellation: cancellation.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(File.ReadAllText(folder["a.txt"]), Is.EqualTo("earlier"));
        Assert.That(folder.Names, Is.EqualTo(new[] { "a.txt" }));
    }

    [Test]
    public void A_folder_that_is_missing_is_named()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder["none"], "a.txt");
        Assert.That(() => AtomicFile.WriteText(path, "x"), Throws.TypeOf<IOException>().With.Message.EqualTo($"Cannot write {path}: there is no folder {folder["none"]}"));
    }

    [Test]
    public void A_folder_and_a_device_are_no_targets()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => AtomicFile.WriteText(folder.Path, "x"), Throws.TypeOf<IOException>().With.Message.Contains("it is a folder"));
        if (File.Exists("/dev/null"))
            Assert.That(() => AtomicFile.WriteText("/dev/null", "x"), Throws.TypeOf<IOException>().With.Message.Contains("it is a device"));
    }

    [Test]
    public void A_link_stays_a_link_and_its_target_is_written()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.txt"], "earlier");
        try
        {
            File.CreateSymbolicLink(folder["link"], folder["a.txt"]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Assert.Ignore($"symbolic links cannot be made here: {error.Message}");
        }
        AtomicFile.WriteText(folder["link"], "new");
        Assert.That(new FileInfo(folder["link"]).LinkTarget, Is.EqualTo(folder["a.txt"]));
        Assert.That(File.ReadAllText(folder["a.txt"]), Is.EqualTo("new"));
    }

    [Test]
    public void The_permissions_of_the_earlier_file_are_kept()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("Windows has no Unix permissions");
            return;
        }
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.txt"], "earlier");
        File.SetUnixFileMode(folder["a.txt"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        AtomicFile.WriteText(folder["a.txt"], "new");
        Assert.That(File.GetUnixFileMode(folder["a.txt"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [TestCase(0, TestName = "A full disk found while writing leaves the earlier file")]
    [TestCase(1 << 20, TestName = "A full disk found while reserving leaves the earlier file")]
    public void A_full_disk_leaves_the_earlier_file(long expectedBytes)
    {
        using var folder = new TemporaryFolder();
        if (Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.Path) is { } refusal) Assert.Ignore($"no small disk can be mounted here: {refusal}");
        try
        {
            File.WriteAllText(folder["a.bin"], "earlier");
            bool isReached = false;
            Assert.That(() => AtomicFile.Write(folder["a.bin"], stream => { isReached = true; stream.Write(new byte[1 << 20]); }, expectedBytes),
                Throws.TypeOf<IOException>().With.Message.StartsWith($"Cannot write {folder["a.bin"]}: ").And.Message.EndsWith("The file that was there is unchanged."));
            Assert.That(isReached, Is.EqualTo(expectedBytes == 0));
            Assert.That(File.ReadAllText(folder["a.bin"]), Is.EqualTo("earlier"));
            Assert.That(folder.Names, Is.EqualTo(new[] { "a.bin" }));
        }
        finally
        {
            Run("umount", folder.Path);
        }
    }

    // Null when the command succeeded, else why it did not.
    private static string? Run(string command, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return error.Message;
        }
    }
}
