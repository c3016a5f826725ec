using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Orthonormal weights: rows where they fit into the fan-in, columns where they do not.</summary>
public sealed class OrthonormalTests
{
    [TestCase(7, 7)]
    [TestCase(128, 128)]
    [TestCase(129, 300)]
    [TestCase(300, 129)]
    [TestCase(1, 40)]
    [TestCase(40, 1)]
    [TestCase(513, 600)]
    public void Rows_or_columns_are_orthonormal(int rows, int columns)
    {
        float[] weights = Weights(rows, columns, threads: 2);
        bool byRows = rows <= columns;
        int count = Math.Min(rows, columns);
        double worst = 0;
        for (int i = 0; i < count; i++)
            for (int j = 0; j <= i; j++)
            {
                double dot = 0;
                for (int k = 0; k < Math.Max(rows, columns); k++) dot += (double)(byRows ? weights[i * columns + k] : weights[k * columns + i]) * (byRows ? weights[j * columns + k] : weights[k * columns + j]);
                worst = Math.Max(worst, Math.Abs(dot - (i == j ? 1 : 0)));
            }
        Assert.That(worst, Is.LessThan(1e-5));
        Assert.That(weights, Is.All.InRange(-1.0001f, 1.0001f));
    }

    [Test]
    public void The_number_of_threads_changes_no_bit() => Assert.That(Weights(200, 333, threads: 1), Is.EqualTo(Weights(200, 333, threads: 3)));

    // The first entries of many matrices: uniform on the sphere, so their variance is 1 / length and each sign is as likely as the other.
    [Test]
    public void No_direction_is_preferred()
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        const int Draws = 4000, Length = 8;
        double sum = 0, squares = 0;
        for (int i = 0; i < Draws; i++)
        {
            float[] weights = new float[4 * Length];
            OrthonormalMatrix.Fill(backend, weights, 4, Length, new Philox(1, RandomPurpose.Weights, i));
            sum += weights[3 * Length];
            squares += (double)weights[3 * Length] * weights[3 * Length];
        }
        Assert.That(squares / Draws, Is.EqualTo(1.0 / Length).Within(0.1).Percent.Or.EqualTo(1.0 / Length).Within(0.01));
        Assert.That(Math.Abs(sum / Draws), Is.LessThan(4 * Math.Sqrt(1.0 / Length / Draws)));
    }

    [Test]
    public void Rows_that_depend_on_one_another_are_noticed()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        double[] y = new double[3 * 5];
        new Philox(4, RandomPurpose.Weights).FillGaussian(Single(y.Length, out float[] drawn));
        for (int i = 0; i < 10; i++) y[i] = drawn[i];
        for (int c = 0; c < 5; c++) y[10 + c] = 2 * y[c] - y[5 + c];
        Assert.That(RowOrthonormalizer.Apply(new Arithmetic(backend), y, 3, 5), Is.False);
    }

    private static Span<float> Single(int count, out float[] values) => values = new float[count];

    private static float[] Weights(int rows, int columns, int threads)
    {
        using Backend backend = Backends.Open("cpu", threads);
        Graph graph = Graph.Of(Node.Input("data", columns).InnerProduct("f", rows));
        using var parameters = new ParameterSet(graph, backend);
        new OrthonormalInit().Apply(parameters, seed: 5);
        return parameters["f.weight"].Read();
    }
}
