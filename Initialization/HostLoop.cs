using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Loops on the host with as many threads as the backend was given; each turn writes what no other one touches.</summary>
internal static class HostLoop
{
    public static void For(this Backend backend, int turns, Action<int> body)
    {
        if (turns > 1 && backend.Parallelism > 1) Parallel.For(0, turns, new ParallelOptions { MaxDegreeOfParallelism = backend.Parallelism }, body);
        else for (int turn = 0; turn < turns; turn++) body(turn);
    }
}
