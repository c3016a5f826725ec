using System.Runtime.InteropServices;
using EvenNet.Cli;

using var stop = new CancellationTokenSource();
Terminal terminal = Terminal.OfProcess();

// The first Ctrl+C asks the work to stop between two steps, the second ends the process at once.
void Interrupt(PosixSignalContext signal)
{
    if (stop.IsCancellationRequested) return;
    signal.Cancel = true;
    terminal.Error.WriteLine("\nstopping; nothing half done will be left (press Ctrl+C again to stop at once)");
    stop.Cancel();
}

using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
return EvenNetTool.Run(args, terminal, stop.Token);
