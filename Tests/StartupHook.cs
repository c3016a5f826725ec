using EvenNet.Tests;
using EvenNet.Tests.Kernels;

/// <summary>Where a test's second process begins: the runtime calls this when DOTNET_STARTUP_HOOKS names the test assembly.</summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(TileCodeTests.Request) is { } bits) TileCodeTests.RunTiles(bits);
        if (Environment.GetEnvironmentVariable(ChildProcess.Role) is { } role) ChildProcess.Run(role);
    }
}
