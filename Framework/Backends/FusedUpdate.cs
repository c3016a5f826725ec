namespace EvenNet.Framework;

/// <summary>
/// Updates of many parameters that a device makes together. <see cref="Check"/> and <see cref="Run"/> only give work to the device and always the same, so
/// that they can be recorded; what changes from step to step lies in the device's memory.
/// </summary>
public abstract class FusedUpdate : IDisposable
{
    /// <summary>Looks whether the watched numbers are finite. From a check on that finds one that is not, runs clear the gradients and change nothing else.</summary>
    public abstract void Check();

    /// <summary>Makes all updates.</summary>
    public abstract void Run();

    /// <summary>Forgets what checks have found.</summary>
    public abstract void Resume();

    /// <summary>Frees the table of the parameters, not the parameters.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the table.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>Updates of one kind.</summary>
/// <typeparam name="TUpdate"><see cref="SgdUpdate"/>, <see cref="AdamUpdate"/> or <see cref="RmsPropUpdate"/>.</typeparam>
public abstract class FusedUpdate<TUpdate> : FusedUpdate where TUpdate : struct
{
    /// <summary>Sets the numbers for the runs that are given from now on: as many updates, of the same memory, as it was made of.</summary>
    public abstract void Set(ReadOnlySpan<TUpdate> updates);
}
