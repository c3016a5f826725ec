using EvenNet.Framework;
using EvenNet.Initialization;

namespace EvenNet.Tests;

public sealed class ScoreBoundsTests
{
    private const int Rows = 60, Clusters = 48, Dimensions = 12;

    // Float32 products of unit rows.
    private const float Rounding = 1e-6f;

    [Test]
    public void No_score_is_above_its_bound_however_the_centres_move([Values(0f, 0.01f, 1f)] float step)
    {
        float[] rows = Draw(Rows, 1), centres = Draw(Clusters, 2);
        Unit(rows);
        var bounds = new ScoreBounds(Rows, Clusters, Dimensions);
        double tightest = double.PositiveInfinity;
        int[] own = new int[Rows];
        for (int pass = 0; pass < 5; pass++)
        {
            float[] halves = Halves(centres);
            if (pass > 0)
            {
                bounds.Move(centres, halves);
                for (int row = 0; row < Rows; row++)
                {
                    float largest = Enumerable.Range(0, Clusters).Where(k => k != own[row]).Max(k => Product(rows, row, centres, k) - halves[k]);
                    tightest = Math.Min(tightest, bounds.LargestBeside(row) - largest);
                }
            }
            bounds.Keep(centres, halves);
            // Half of the rows are only looked at in the first pass, so that their bounds go back several moves.
            for (int row = 0; row < Rows; row++)
                if (pass == 0 || row % 2 == 0)
                    own[row] = VectorMath.LargestDifference([.. Enumerable.Range(0, Clusters).Select(k => Product(rows, row, centres, k))], halves, bounds.Set(row)).Index;
            float[] move = Draw(Clusters, 3 + pass);
            for (int i = 0; i < centres.Length; i++) centres[i] += step * move[i];
        }
        Assert.That(tightest, Is.GreaterThan(-Rounding));
        if (step == 0) Assert.That(tightest, Is.LessThan(Rounding), "centres that stay where they are leave no room");
    }

    [Test]
    public void Rows_that_were_not_looked_at_or_forgotten_have_no_bound()
    {
        float[] centres = Draw(Clusters, 2), halves = Halves(centres);
        var bounds = new ScoreBounds(Rows, Clusters, Dimensions);
        Assert.That(bounds.IsEmpty);
        bounds.Keep(centres, halves);
        bounds.Set(3).Clear();
        Assert.That((bounds.IsEmpty, bounds.LargestBeside(3), bounds.LargestBeside(4)), Is.EqualTo((false, 0, float.PositiveInfinity)));
        bounds.Forget(3);
        Assert.That(bounds.LargestBeside(3), Is.EqualTo(float.PositiveInfinity));
    }

    private static float Product(float[] rows, int row, float[] centres, int k) =>
        VectorMath.Dot(rows.AsSpan(row * Dimensions, Dimensions), centres.AsSpan(k * Dimensions, Dimensions));

    private static float[] Halves(float[] centres) =>
        [.. Enumerable.Range(0, Clusters).Select(k => (float)(0.5 * VectorMath.SquaredNorm(centres.AsSpan(k * Dimensions, Dimensions))))];

    private static float[] Draw(int count, int index)
    {
        float[] draw = new float[count * Dimensions];
        new Philox(1, RandomPurpose.Clusters, index).FillGaussian(draw);
        for (int i = 0; i < draw.Length; i++) draw[i] *= 0.3f;
        return draw;
    }

    private static void Unit(float[] rows)
    {
        for (int row = 0; row < Rows; row++)
        {
            Span<float> x = rows.AsSpan(row * Dimensions, Dimensions);
            float scale = (float)(1 / Math.Sqrt(VectorMath.SquaredNorm(x)));
            foreach (ref float value in x) value *= scale;
        }
    }
}
