using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class StopRequestTests
{
    public const string Worker = "stop";

    private const int Limit = 60_000;

    [TestCase("INT", "SIGINT")]
    [TestCase("TERM", "SIGTERM")]
    public void The_first_signal_lets_the_work_end_by_itself(string signal, string name)
    {
        using Process process = ChildProcess.Start(Worker, "polite");
        Assert.That(process.StandardOutput.ReadLine(), Is.EqualTo("ready"));
        ChildProcess.Signal(process, signal);
        Assert.That(process.StandardOutput.ReadLine(), Is.EqualTo($"asked by {name}"));
        Assert.That(process.StandardOutput.ReadLine(), Is.EqualTo($"the step is done, {name}"));
        Assert.That(process.WaitForExit(Limit), Is.True);
        Assert.That(process.ExitCode, Is.EqualTo(7), "its own way to end");
    }

    [TestCase("INT", "INT", 130)]
    [TestCase("TERM", "TERM", 143)]
    [TestCase("INT", "TERM", 143)]
    public void The_second_signal_ends_the_process_at_once(string first, string second, int exitCode)
    {
        using Process process = ChildProcess.Start(Worker, "stubborn");
        Assert.That(process.StandardOutput.ReadLine(), Is.EqualTo("ready"));
        ChildProcess.Signal(process, first);
        Assert.That(process.StandardOutput.ReadLine(), Is.EqualTo($"asked by SIG{first}"));
        Assert.That(process.HasExited, Is.False);
        ChildProcess.Signal(process, second);
        bool ended = process.WaitForExit(Limit);
        if (!ended) process.Kill();
        Assert.That(ended, Is.True);
        Assert.That(process.ExitCode, Is.EqualTo(exitCode));
    }

    [Test]
    public void A_program_can_ask_itself()
    {
        using StopRequest stop = StopRequest.OnSignals();
        Assert.That((stop.IsRequested, stop.Signal), Is.EqualTo((false, (System.Runtime.InteropServices.PosixSignal?)null)));
        stop.Request();
        stop.Request();
        Assert.That((stop.IsRequested, stop.Token.IsCancellationRequested), Is.EqualTo((true, true)));
        Assert.That(stop.Signal, Is.Null);
    }

    internal static int Work(string manner)
    {
        using StopRequest stop = StopRequest.OnSignals(signal => Console.Out.WriteLine($"asked by {signal}"));
        Console.Out.WriteLine("ready");
        if (manner == "stubborn") Thread.Sleep(Timeout.Infinite);
        stop.Token.WaitHandle.WaitOne();
        Console.Out.WriteLine($"the step is done, {stop.Signal}");
        return 7;
    }
}
