namespace EvenNet.Cli;

/// <summary>Hands on the share that is done, from the thread that reports it.</summary>
internal sealed class FractionProgress(Action<double> report) : IProgress<double>
{
    public void Report(double value) => report(value);
}
