using EvenNet.Framework;
using EvenNet.Initialization;

namespace EvenNet.Tests;

public sealed class CovarianceTests
{
    [TestCase(7, 50, 50)]
    [TestCase(40, 5000, 1234)]
    [TestCase(530, 2500, 2100)]
    [TestCase(1000, 300, 100)]
    public void Mean_and_scatter_are_those_of_plain_loops_in_double(int d, int count, int piece)
    {
        float[] rows = Rows(d, count);
        var covariance = new Covariance(PlainProduct.Arithmetic(), d);
        for (int r = 0; r < count; r += piece) covariance.Add(rows.AsMemory(r * d, Math.Min(piece, count - r) * d));

        double[] mean = new double[d];
        for (int r = 0; r < count; r++)
            for (int j = 0; j < d; j++) mean[j] += (double)rows[r * d + j] / count;
        double[] scatter = new double[d * d];
        Parallel.For(0, d, i =>
        {
            for (int r = 0; r < count; r++)
                for (int j = 0; j < d; j++) scatter[i * d + j] += (rows[r * d + i] - mean[i]) * (rows[r * d + j] - mean[j]);
        });

        // x − offset rounds once; 2048 products of one sign summed one after the other leave √2048 · 2⁻²⁴.
        double largest = scatter.Max(Math.Abs);
        Assert.Multiple(() =>
        {
            Assert.That(covariance.Count, Is.EqualTo(count));
            Assert.That(covariance.Mean(), Is.EqualTo(mean).Within(1e-7));
            Assert.That(Worst(covariance.Scatter(), scatter), Is.LessThan(4e-6 * largest));
            Assert.That(Worst(covariance.Values(), [.. scatter.Select(s => s / count)]), Is.LessThan(4e-6 * largest / count));
        });
    }

    [Test]
    public void A_large_mean_takes_no_digits_from_a_small_deviation()
    {
        const int d = 20, count = 4000;
        float[] small = new float[d * count];
        new Philox(1, RandomPurpose.Weights).FillGaussian(small);
        float[] raised = [.. small.Select(x => x / 16 + 4096)];
        float[] back = [.. raised.Select(x => x - 4096)];    // exact: what rounding has left of the deviations
        var high = new Covariance(PlainProduct.Arithmetic(), d);
        var low = new Covariance(PlainProduct.Arithmetic(), d);
        high.Add(raised);
        low.Add(back);
        // Variances are 1/256. Products of the raised values themselves would leave errors of 4096² · 2⁻²⁴ = 1; what does remain
        // is that squares of values this coarse round to even the same way.
        Assert.That(Worst(high.Values(), low.Values()), Is.LessThan(1e-7));
    }

    [Test]
    public void A_first_piece_unlike_the_rest_changes_little()
    {
        const int d = 12, count = 6000;
        float[] rows = Rows(d, count);
        rows.AsSpan(0, d * 10).Fill(500);
        var pieces = new Covariance(PlainProduct.Arithmetic(), d);
        pieces.Add(rows.AsMemory(0, d * 10));
        pieces.Add(rows.AsMemory(d * 10));
        var whole = new Covariance(PlainProduct.Arithmetic(), d);
        whole.Add(rows);
        double[] expected = whole.Values();
        Assert.That(Worst(pieces.Values(), expected), Is.LessThan(1e-6 * 500 * 500));
        Assert.That(pieces.Mean(), Is.EqualTo(whole.Mean()).Within(1e-6));    // x − 500 rounds at 2⁻¹⁵
    }

    [Test]
    public void The_number_of_threads_changes_no_bit()
    {
        float[] rows = Rows(700, 3000);
        var one = new Covariance(PlainProduct.Arithmetic(1), 700);
        var three = new Covariance(PlainProduct.Arithmetic(3), 700);
        one.Add(rows);
        three.Add(rows);
        Assert.That(one.Values(), Is.EqualTo(three.Values()));
    }

    [Test]
    public void Rows_that_are_broken_are_refused()
    {
        var covariance = new Covariance(PlainProduct.Arithmetic(), 3);
        Assert.That(() => covariance.Add(new float[7]), Throws.ArgumentException.With.Message.Contains("7 values are not a whole number of rows of 3"));
        Assert.That(() => covariance.Add(new[] { 1f, float.NaN, 2f }), Throws.ArgumentException.With.Message.Contains("column 1"));
    }

    [Test]
    public void Without_rows_everything_is_zero()
    {
        var covariance = new Covariance(PlainProduct.Arithmetic(), 2);
        covariance.Add(ReadOnlyMemory<float>.Empty);
        Assert.That((covariance.Count, covariance.Mean(), covariance.Values()), Is.EqualTo((0L, new double[2], new double[4])));
    }

    private static float[] Rows(int d, int count)
    {
        float[] rows = new float[d * count];
        new Philox(2, RandomPurpose.Weights).FillGaussian(rows);
        for (int i = 1; i < rows.Length; i++) rows[i] = 0.8f * rows[i - 1] + rows[i] + 0.1f * (i % d);
        return rows;
    }

    private static double Worst(double[] actual, double[] expected) => actual.Zip(expected, (a, b) => Math.Abs(a - b)).Max();
}
