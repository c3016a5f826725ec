namespace EvenNet.Framework;

/// <summary>One process's part of a run.</summary>
/// <param name="Command">The command line.</param>
/// <param name="Started">When.</param>
/// <param name="FirstIteration">Steps taken before it.</param>
public sealed record RunSession(string Command, DateTimeOffset Started, int FirstIteration)
{
    /// <summary>When it ended; null while it runs, and for ever where it was killed.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Steps taken at its end.</summary>
    public int? LastIteration { get; init; }

    /// <summary>How it ended.</summary>
    public RunOutcome Outcome { get; init; }

    /// <summary>The error, or what else there is to say.</summary>
    public string? Message { get; init; }
}
