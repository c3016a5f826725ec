namespace EvenNet.Framework;

/// <summary>Work that a device has taken down once and can be given again as one: <see cref="Backend.Record"/>.</summary>
public abstract class Recording : IDisposable
{
    /// <summary>Gives the work to the device, after what was given before: the same work on the same memory, whatever that holds by then.</summary>
    public abstract void Replay();

    /// <summary>Forgets the work; what was given runs to its end.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Forgets the work.</summary>
    protected abstract void Dispose(bool disposing);
}
