namespace EvenNet.Report;

/// <summary>What one run did and found: the content of a report page, and of the JSON file that the page can be made from again.</summary>
public sealed record RunReport
{
    /// <summary>The page's heading: «caffenet, k-means, 160 photographs».</summary>
    public required string Title { get; init; }

    /// <summary>The command line that was given.</summary>
    public string? Command { get; init; }

    /// <summary>Where it ran: «cpu, 2 threads, AVX-512».</summary>
    public string? Device { get; init; }

    /// <summary>The seed of all its random numbers.</summary>
    public long? Seed { get; init; }

    /// <summary>Programs and libraries with their versions.</summary>
    public IReadOnlyList<NamedValue> Versions { get; init; } = [];

    /// <summary>The settings in effect, given or not.</summary>
    public IReadOnlyList<NamedValue> Settings { get; init; } = [];

    /// <summary>The steps of the run in their order, with the time that each took.</summary>
    public IReadOnlyList<Timing> Timings { get; init; } = [];

    /// <summary>What a reader must know before the numbers: pictures that were passed over, say.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The initializations to compare; one or more.</summary>
    public required IReadOnlyList<MethodReport> Methods { get; init; }
}
