using EvenNet.Framework;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>A few training steps on random values, kernel by kernel or by a recording of the second step.</summary>
internal static class RecordedTraining
{
    /// <summary>The loss of each step, then the parameters.</summary>
    public static float[][] Run(CudaBackend cuda, Func<Node, Node> layers, int steps, bool recorded)
    {
        Node label = Node.Input("label", 1);
        Graph graph = Graph.Of(layers(Node.Input("data", 3, 6, 6)).InnerProduct("f", 4).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, cuda);
        var random = new Random(1);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) p.Write([.. Sample.Normal(random, p.Count).Select(v => 0.3 * v)]);
        using var net = new Net(parameters, batch: 2);
        using var solver = new SgdSolver(parameters) { Rate = Schedule.Fixed(0.05f) };
        void Step()
        {
            net.Forward();
            net.Backward();
        }
        CudaRecording? recording = null;
        List<float[]> seen = [];
        for (int step = 0; step < steps; step++)
        {
            net.Load(graph["data"], Sample.Normal(random, 2 * 108));
            net.Load(label, [(float)random.Next(4), random.Next(4)]);
            if (step == 1 && recorded) recording = cuda.Record(Step);
            if (recording is null) Step();
            else recording.Replay();
            seen.Add([(float)net.Loss]);
            solver.Step();
        }
        recording?.Dispose();
        return [.. seen, .. parameters.All.Select(p => p.Read())];
    }
}
