namespace EvenNet.Framework;

/// <summary>Takes the time on a device that works on its own: marks take their turn in its work, so that nothing need be waited for meanwhile.</summary>
public abstract class DeviceClock : IDisposable
{
    /// <summary>Sets a mark after the work that was given before.</summary>
    public abstract void Mark(int mark);

    /// <summary>Time between two marks that were set; waits for the second.</summary>
    public abstract double Seconds(int from, int to);

    /// <summary>Forgets the marks.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Forgets the marks.</summary>
    protected abstract void Dispose(bool disposing);
}
