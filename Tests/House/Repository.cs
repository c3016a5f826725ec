using System.ComponentModel;
using System.Diagnostics;

namespace EvenNet.Tests.House;

/// <summary>The checkout that the tests were built from, for tests of the house itself.</summary>
internal static class Repository
{
    /// <summary>The folder of EvenNet.slnx, above the running assembly.</summary>
    public static string Root { get; } = FindRoot();

    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(Path(relative));

    /// <summary>Tracked files, relative, with slashes. Ignores the test where there is no git to ask.</summary>
    public static IReadOnlyList<string> TrackedFiles()
    {
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"])
            {
                WorkingDirectory = Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            Task<string> errors = git.StandardError.ReadToEndAsync();
            string[] files = git.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries);
            git.WaitForExit();
            if (git.ExitCode != 0) Assert.Ignore($"git does not know the files of {Root}: {errors.Result.Trim()}");
            return files;
        }
        catch (Win32Exception)
        {
            Assert.Ignore("git is not installed, so the files of the repository are unknown");
            throw;
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "EvenNet.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no EvenNet.slnx above {AppContext.BaseDirectory}");
    }
}
