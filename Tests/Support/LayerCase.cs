using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>A small graph to check a layer in, with the data it runs on. New layers add lines to <see cref="Every.LayerCase"/>.</summary>
public sealed class LayerCase(string name, int batch, Func<IReadOnlyList<Node>> outputs)
{
    public LayerCase(string name, int batch, Func<Node> output) : this(name, batch, () => [output()]) { }

    public int Batch => batch;

    /// <summary>Fills an input node; by default standard normal numbers.</summary>
    public Func<Node, Random, double[]?> Data { get; init; } = (_, _) => null;

    public Phase Phase { get; init; } = Phase.Train;

    public Graph Graph() => Framework.Graph.Of(outputs());

    public override string ToString() => name;

    /// <summary>Values for every input node and every parameter, the same for every backend.</summary>
    public void Fill(ParameterSet parameters, Action<Node, double[]> load)
    {
        var random = new Random(7);
        foreach (Node node in parameters.Graph.Nodes)
        {
            if (node.Layer is Input) load(node, Data(node, random) ?? Sample.Normal(random, batch * node.Multiplicity * node.Shape.Count));
        }
        foreach (Parameter p in parameters.All)
        {
            double size = p.Spec.Name == "weight" ? 1 / Math.Sqrt(p.FanIn) : 0.5;
            double[] values = Sample.Normal(random, p.Count);
            // A scale far from one and a bias far from zero, so that a kernel that forgets either is seen.
            float[] scaled = p.Spec.Name == "scale" ? [0.7f] : [.. values.Select(v => (float)(size * v))];
            // What normalization has gathered in some passes: variances are positive.
            if (p.Node.Layer is BatchNorm) scaled = p.Spec.Name == "count" ? [2.5f] : [.. scaled.Select(v => 0.3f + v * v)];
            p.Write(scaled);
        }
    }
}

public static class Sample
{
    public static double[] Normal(Random random, int count)
    {
        var values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }

    /// <summary>Largest difference over the largest magnitude of what is expected.</summary>
    public static double RelativeError(double[] expected, double[] actual)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        double size = 0, worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            size = Math.Max(size, Math.Abs(expected[i]));
            double difference = Math.Abs(expected[i] - actual[i]);
            worst = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(worst, difference);
        }
        return worst == 0 ? 0 : worst / Math.Max(size, 1e-30);
    }
}
