using System.Diagnostics;

namespace EvenNet.Tests;

/// <summary>A headless Chromium that opens a page, without a network, and says what came of it.</summary>
internal static class Browser
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>What a page became once its scripts had run, and what it wrote to the console.</summary>
    public sealed record Page(string Dom, IReadOnlyList<string> Console);

    /// <summary>Opens a local file. The test is ignored, with the reason, where there is no Chromium.</summary>
    public static Page Open(string file, params string[] options)
    {
        string profile = Directory.CreateTempSubdirectory("browser").FullName;
        try
        {
            var start = new ProcessStartInfo(Find())
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            };
            // Nothing but the page: no updates, no services of its own, and no name resolves.
            string[] arguments =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND", $"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0",
                "--virtual-time-budget=20000", .. options, "--dump-dom", new Uri(file).AbsoluteUri,
            ];
            foreach (string argument in arguments) start.ArgumentList.Add(argument);
            using Process browser = Process.Start(start)!;
            browser.StandardInput.Close();
            Task<string> errors = browser.StandardError.ReadToEndAsync();
            Task<string> dom = browser.StandardOutput.ReadToEndAsync();
            if (!browser.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                browser.Kill(entireProcessTree: true);
                Assert.Fail("Chromium did not finish in two minutes");
            }
            string[] console = [.. errors.Result.Split('\n').Where(line => line.Contains(":CONSOLE", StringComparison.Ordinal))];
            return new Page(dom.Result, console);
        }
        finally
        {
            Directory.Delete(profile, recursive: true);
        }
    }

    private static string Find()
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            foreach (string name in Names)
                if (File.Exists(Path.Combine(folder, name))) return Path.Combine(folder, name);
        Assert.Ignore("Chromium is not installed, so the report is not opened in a browser (Debian: apt install chromium)");
        return "";
    }
}
