namespace EvenNet.Framework;

/// <summary>How a session of a run ended.</summary>
public enum RunOutcome
{
    /// <summary>It has not, as far as it could say.</summary>
    Running,

    /// <summary>All iterations are done.</summary>
    Finished,

    /// <summary>The monitored value had stopped getting better.</summary>
    StoppedEarly,

    /// <summary>By a signal, after a checkpoint.</summary>
    Interrupted,

    /// <summary>Numbers stopped being finite.</summary>
    Diverged,

    /// <summary>By an error.</summary>
    Failed,

    /// <summary>The process ended without a word; found by the session that went on.</summary>
    Lost,
}
