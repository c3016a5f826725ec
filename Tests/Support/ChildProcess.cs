using System.Diagnostics;

namespace EvenNet.Tests;

/// <summary>A second process that runs code of this assembly, begun by <see cref="StartupHook"/>.</summary>
internal static class ChildProcess
{
    /// <summary>Environment variables: what to run, and its argument.</summary>
    public const string Role = "EVENNET_TEST_ROLE", Argument = "EVENNET_TEST_ARGUMENT";

    public static Process Start(string role, string argument)
    {
        string tests = typeof(ChildProcess).Assembly.Location;
        return Process.Start(new ProcessStartInfo("dotnet", ["exec", tests])
        {
            Environment = { [Role] = role, [Argument] = argument, ["DOTNET_STARTUP_HOOKS"] = tests },
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>In the second process: does what it was started for, which ends it.</summary>
    public static void Run(string role)
    {
        string argument = Environment.GetEnvironmentVariable(Argument)!;
        Environment.Exit(role switch
        {
            KilledRunTests.Writer => KilledRunTests.WriteForEver(argument),
            KilledTrainingTests.Worker => KilledTrainingTests.TrainOn(argument),
            StopRequestTests.Worker => StopRequestTests.Work(argument),
            _ => throw new ArgumentException($"no role {role}"),
        });
    }

    /// <summary>Sends a signal by the shell's means; ignores the test where there is none.</summary>
    public static void Signal(Process process, string name)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("a signal is sent with kill, which Windows has not");
        using Process kill = Process.Start("kill", [$"-{name}", $"{process.Id}"])!;
        kill.WaitForExit();
    }
}
