using EvenNet.Framework;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

/// <summary>How exact the activations are for every size of number, and what they make of those that are no size.</summary>
public sealed class CpuCurveTests
{
    private static readonly (Layer Layer, Func<double, double> Exact)[] Curves =
    [
        (new Elu(), x => x > 0 ? x : LessOne(x)), (new Elu(0.3f), x => x > 0 ? x : 0.3f * LessOne(x)), (new Tanh(), Math.Tanh), (new Sigmoid(), x => 1 / (1 + Math.Exp(-x))),
    ];

    // eˣ − 1, without cancellation near zero.
    private static double LessOne(double x) => Math.Abs(x) < 1e-3 ? x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4))) : Math.Exp(x) - 1;

    // Four units in the last place, relative to the value itself and not to the largest, from 2⁻¹⁰⁰ to 87; below, absolute.
    [Test]
    public void Values_are_exact_to_their_own_last_places([Range(0, 3)] int curve)
    {
        (Layer layer, Func<double, double> exact) = Curves[curve];
        float[] x = [.. Enumerable.Range(-100, 107).SelectMany(e => Enumerable.Range(0, 97).Select(i => MathF.ScaleB(1 + i / 97f, e))).Where(v => v < 87).SelectMany(v => (float[])[v, -v])];
        float[] y = Forward(layer, x);
        (double worst, float at) = x.Zip(y).Max(p => (Math.Abs(p.Second - exact(p.First)) / Math.Abs(exact(p.First)), p.First));
        TestContext.Out.WriteLine($"{layer.GetType().Name}: worst relative error {worst:0.0e+00} at {at}");
        Assert.That(worst, Is.LessThan(4 * Math.Pow(2, -24)));
    }

    [TestCase(0, 0f, -1f, float.PositiveInfinity, -1f, 1000f)]
    [TestCase(2, 0f, -1f, 1f, -1f, 1f)]
    [TestCase(3, 0.5f, 0f, 1f, 0f, 1f)]
    public void Ends_and_numbers_that_are_none(int curve, float atZero, float atMinusInfinity, float atInfinity, float atMinusThousand, float atThousand)
    {
        float[] y = Forward(Curves[curve].Layer, [0, -0f, float.NegativeInfinity, float.PositiveInfinity, -1000, 1000, float.NaN]);
        Assert.That(y, Is.EqualTo((float[])[atZero, atZero, atMinusInfinity, atInfinity, atMinusThousand, atThousand, float.NaN]).Within(1e-37));
    }

    private static float[] Forward(Layer layer, float[] x)
    {
        Node input = Node.Input("x", x.Length);
        Graph graph = Graph.Of(new Node("y", layer, input));
        using var cpu = new CpuBackend(1);
        using var parameters = new ParameterSet(graph, cpu);
        using var net = new Net(parameters, 1);
        net.Load(input, x);
        net.Forward();
        return net.Read(graph.Outputs[0]);
    }
}
