using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>What a net does, measured apart from the initializers: plain loops over values read from a plan of another batch size.</summary>
internal static class Measured
{
    /// <summary>Every affine node's output on all images, N×C×H×W, in the test phase.</summary>
    public static Dictionary<Node, double[]> AffineOutputs(ParameterSet parameters, float[] images, int count) =>
        Outputs(parameters, images, count, n => n.Layer is IAffine);

    /// <summary>The scores of each classifier, N×C.</summary>
    public static double[][] Scores(ParameterSet parameters, float[] images, int count)
    {
        Graph graph = parameters.Graph;
        Dictionary<Node, double[]> all = Outputs(parameters, images, count, graph.Outputs.Contains);
        return [.. graph.Outputs.Select(o => all[o])];
    }

    /// <summary>Mean and deviation of each channel. values: N×C×H×W.</summary>
    public static (double Mean, double Deviation)[] Moments(double[] values, Shape shape)
    {
        int count = values.Length / shape.Count;
        return [.. Enumerable.Range(0, shape.Channels).Select(c =>
        {
            double[] channel = Channel(values, shape, c);
            double mean = channel.Average();
            return (mean, Math.Sqrt(channel.Sum(v => (v - mean) * (v - mean)) / channel.Length));
        })];
    }

    /// <summary>Covariance of channels first … first + count − 1 over samples and positions: count×count.</summary>
    public static double[,] Covariance(double[] values, Shape shape, int first, int count)
    {
        double[][] channels = [.. Enumerable.Range(first, count).Select(c => Channel(values, shape, c))];
        double[] means = [.. channels.Select(c => c.Average())];
        var covariance = new double[count, count];
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++)
                for (int k = 0; k < channels[i].Length; k++) covariance[i, j] += (channels[i][k] - means[i]) * (channels[j][k] - means[j]) / channels[i].Length;
        return covariance;
    }

    /// <summary>Whether every value of every parameter is a number.</summary>
    public static bool IsFinite(ParameterSet parameters) => parameters.All.All(p => p.Read().All(float.IsFinite));

    /// <summary>All parameters' bits, by name.</summary>
    public static Dictionary<string, float[]> Values(ParameterSet parameters) => parameters.All.ToDictionary(p => p.Name, p => p.Read());

    private static double[] Channel(double[] values, Shape shape, int c)
    {
        int count = values.Length / shape.Count;
        double[] channel = new double[count * shape.Plane];
        for (int n = 0; n < count; n++) Array.Copy(values, n * shape.Count + c * shape.Plane, channel, n * shape.Plane, shape.Plane);
        return channel;
    }

    private static Dictionary<Node, double[]> Outputs(ParameterSet parameters, float[] images, int count, Func<Node, bool> wanted)
    {
        const int Batch = 7;
        Graph graph = parameters.Graph;
        Dictionary<Node, List<double>> values = graph.Nodes.Where(wanted).ToDictionary(n => n, _ => new List<double>());
        for (int first = 0; first < count; first += Batch)
        {
            int batch = Math.Min(Batch, count - first);
            using var net = new Net(parameters, batch, new() { Fuse = false, Backward = false });
            int size = graph["data"].Shape.Count;
            net.Load(graph["data"], images.AsSpan(first * size, batch * size));
            foreach (Node node in net.Nodes)
            {
                net.Forward(node, Phase.Test);
                if (wanted(node)) values[node].AddRange(net[node].ReadExact());
            }
        }
        return values.ToDictionary(p => p.Key, p => p.Value.ToArray());
    }
}
