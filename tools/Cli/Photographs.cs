namespace EvenNet.Cli;

/// <summary>The photographs that lie beside the program, for a machine without any of its own.</summary>
internal static class Photographs
{
    /// <summary>How many there should be.</summary>
    public const int Count = 16;

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Photographs");

    /// <summary>Their files by name; empty when the folder is missing.</summary>
    public static IReadOnlyList<string> Files =>
        Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "*.png").Order(StringComparer.Ordinal)] : [];
}
