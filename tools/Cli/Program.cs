using EvenNet.Cli;
using EvenNet.Framework;

Terminal terminal = Terminal.OfProcess();

// The first Ctrl+C asks the work to stop between two steps, the second ends the process at once.
using StopRequest stop = StopRequest.OnSignals(_ => terminal.Error.WriteLine("\nstopping; nothing half done will be left (press Ctrl+C again to stop at once)"));
return EvenNetTool.Run(args, terminal, stop.Token);
