namespace EvenNet.Interop;

/// <summary>Names from files as they may be printed: not too long, and without what steers a terminal.</summary>
internal static class PrintableName
{
    private const int Longest = 80;

    public static string Of(string name)
    {
        string start = name.Length > Longest ? name[..Longest] + "…" : name;
        return string.Concat(start.Select(c => char.IsControl(c) ? '?' : c));
    }
}
