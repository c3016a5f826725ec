using System.Runtime.InteropServices;

namespace EvenNet.Framework;

/// <summary>
/// A wish to stop, that long work asks for between two steps. The first Ctrl+C (SIGINT) or request to terminate (SIGTERM) is such a wish; the second ends
/// the process at once, as it would have without this class.
/// </summary>
public sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly Action<PosixSignal>? first;
    private PosixSignalRegistration[] registrations = [];
    private int signals;

    private StopRequest(Action<PosixSignal>? first) => this.first = first;

    /// <summary>For work that is cancelled by a token.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Whether to stop at the next good moment.</summary>
    public bool IsRequested => source.IsCancellationRequested;

    /// <summary>The signal that was the wish; null without one.</summary>
    public PosixSignal? Signal { get; private set; }

    /// <summary>Listens to the process's signals until it is disposed.</summary>
    /// <param name="first">Called with the first signal, on another thread: to say that it was understood.</param>
    public static StopRequest OnSignals(Action<PosixSignal>? first = null)
    {
        var request = new StopRequest(first);
        request.registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(s => PosixSignalRegistration.Create(s, request.Handle))];
        return request;
    }

    /// <summary>Asks to stop without a signal.</summary>
    public void Request() => source.Cancel();

    /// <summary>Listens no more.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        source.Dispose();
    }

    private void Handle(PosixSignalContext signal)
    {
        // Not cancelled, the signal does what it does by itself: it ends the process.
        if (Interlocked.Increment(ref signals) > 1) return;
        signal.Cancel = true;
        Signal = signal.Signal;
        first?.Invoke(signal.Signal);
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work ended while the signal was on its way: there is nothing left to stop.
        }
    }
}
