using System.Diagnostics;

namespace EvenNet.Tests;

/// <summary>A python3 with a package, if this machine has one.</summary>
internal static class Python
{
    /// <summary>Runs a program; the test is ignored, with the reason, where there is no python3 that has the package.</summary>
    public static void Run(string package, string program)
    {
        foreach (string python in (string[])["python3", "/usr/bin/python3"])
        {
            if (!Has(python, package)) continue;
            (int code, string errors) = Start(python, program);
            Assert.That(code, Is.Zero, errors);
            return;
        }
        Assert.Ignore($"there is no python3 with {package}");
    }

    public static string Quoted(string path) => $"r'{path}'";

    private static bool Has(string python, string package)
    {
        try
        {
            return Start(python, $"import {package}").Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Errors) Start(string python, string program)
    {
        using Process process = Process.Start(new ProcessStartInfo(python, ["-c", program]) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }
}
