using System.Buffers;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// The largest eigenpairs by Chebyshev-filtered subspace iteration with locking (Zhou, Saad, Tiago and Chelikowsky 2006,
/// "Self-consistent-field calculations using Chebyshev-filtered subspace iteration"). A block of somewhat more vectors than
/// wanted is multiplied by a polynomial of the matrix that is small on [0, c], c the smallest value in the block, then made
/// orthonormal; a small dense problem turns it towards the eigenvectors. Pairs that have converged are taken out of the
/// matrix. What remains has a small range of eigenvalues, and for that float32 is enough in the filter.
/// </summary>
internal sealed class SubspaceIteration
{
    // A filter lifts the largest of the remaining pairs over those at c by no more than this, so that float32 can still
    // tell the rows apart; what rounding leaves of the larger ones in the smaller is taken off by the next turn.
    private const double LargestGrowth = 1e6;
    private const int LargestDegree = 20, LargestProducts = 300;

    // From so many pairs on, this share of them is found first.
    private const int SmallestStaged = 64, FirstStage = 8;

    // Residuals are relative to the pair's own value, or to the largest with a share of that tolerance; values under the last are nothing but rounding.
    private const double LargestShare = 0.05, ZeroTolerance = 1e-9;

    private readonly Arithmetic arithmetic;
    private readonly RandomSource random;
    private readonly double ownTolerance;
    private readonly int dimensions, all;
    private readonly double[] matrix, remaining, basis, image, values;
    private readonly float[] narrow;
    private int locked, products;

    // Pairs wanted in this stage, and rows of its block.
    private int count, rows;

    public SubspaceIteration(Arithmetic arithmetic, double[] matrix, int dimensions, int count, double tolerance, RandomSource random)
    {
        ownTolerance = tolerance;
        (this.arithmetic, this.matrix, this.dimensions, all, this.random) = (arithmetic, matrix, dimensions, count, random);
        int most = Rows(count);
        remaining = ArrayPool<double>.Shared.Rent(matrix.Length);
        narrow = ArrayPool<float>.Shared.Rent(matrix.Length);
        basis = ArrayPool<double>.Shared.Rent(most * dimensions);
        image = ArrayPool<double>.Shared.Rent(most * dimensions);
        values = new double[most];
        matrix.CopyTo(remaining, 0);
    }

    public EigenPairs Run()
    {
        // The few largest first, with a small block: without them the rest spans so little that a long polynomial does most of the work.
        if (all >= SmallestStaged) Find(all / FirstStage);
        Find(all);
        EigenPairs found = Finish();
        foreach (double[] rented in new[] { remaining, basis, image }) ArrayPool<double>.Shared.Return(rented);
        ArrayPool<float>.Shared.Return(narrow);
        return found;
    }

    // Locks the pairs up to this number, with fresh random rows beside those that are there.
    private void Find(int wanted)
    {
        int before = rows;
        (count, rows) = (wanted, Rows(wanted));
        float[] start = new float[(rows - before) * dimensions];
        random.FillGaussian(start);
        for (int i = 0; i < start.Length; i++) basis[before * dimensions + i] = start[i];
        Multiply(before);
        Array.Copy(image, before * dimensions, basis, before * dimensions, start.Length);
        Orthonormalise();
        while (true)
        {
            Turn();
            var (converged, excess) = Converged();
            Lock(converged);
            if (locked >= count || products >= LargestProducts) return;
            Filter(excess);
            Orthonormalise();
        }
    }

    // A block somewhat larger than what is wanted of it.
    private int Rows(int wanted) => Math.Min(dimensions, wanted + Math.Max(16, wanted / 6));

    // image = rows from first on · remaining, in double.
    private void Multiply(int first)
    {
        int length = (rows - first) * dimensions;
        Array.Clear(image, first * dimensions, length);
        DoubleProduct.Add(
            arithmetic, rows - first, dimensions, dimensions, 1, basis.AsMemory(first * dimensions, length), remaining, image.AsMemory(first * dimensions, length));
        products++;
    }

    // Rayleigh and Ritz: within the span of the active rows, the vectors that make the matrix diagonal.
    private void Turn()
    {
        Multiply(locked);
        int active = rows - locked;
        double[] small = Small(basis, image, locked, rows);
        var (found, turns) = DenseEigen.All(arithmetic, small, active);
        found.CopyTo(values, locked);
        Rotate(basis, turns, locked, active, active);
        Rotate(image, turns, locked, active, active);
    }

    // The symmetric matrix of left · rightᵀ for rows first … last − 1.
    private double[] Small(double[] left, double[] right, int first, int last)
    {
        int n = last - first;
        double[] small = new double[n * n];
        DoubleProduct.Add(
            arithmetic, n, n, dimensions, 1, right.AsMemory(first * dimensions, n * dimensions), left.AsMemory(first * dimensions, n * dimensions), small, transposeB: true);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) small[i * n + j] = small[j * n + i] = 0.5 * (small[i * n + j] + small[j * n + i]);
        return small;
    }

    // rows first … first + kept − 1 of x become turns · rows first … first + active − 1.
    private void Rotate(double[] x, double[] turns, int first, int active, int kept)
    {
        double[] turned = ArrayPool<double>.Shared.Rent(kept * dimensions);
        turned.AsSpan(0, kept * dimensions).Clear();
        DoubleProduct.Add(arithmetic, kept, dimensions, active, 1, turns, x.AsMemory(first * dimensions, active * dimensions), turned);
        turned.AsSpan(0, kept * dimensions).CopyTo(x.AsSpan(first * dimensions));
        ArrayPool<double>.Shared.Return(turned);
    }

    // How many of the leading active pairs have residuals ‖A·v − λ·v‖ within the tolerance, and by what factor the worst
    // of those that are wanted is beyond it.
    private (int Converged, double Excess) Converged()
    {
        int converged = 0;
        double largest = values[0], excess = 0;
        for (int row = locked; row < rows && (row < count || converged == row - locked); row++)
        {
            ReadOnlySpan<double> vector = basis.AsSpan(row * dimensions, dimensions), product = image.AsSpan(row * dimensions, dimensions);
            double residual = 0;
            for (int i = 0; i < dimensions; i++)
            {
                double rest = product[i] - values[row] * vector[i];
                residual += rest * rest;
            }
            double tolerance = Math.Max(ownTolerance * Math.Min(values[row], LargestShare * largest), ZeroTolerance * largest);
            if (Math.Sqrt(residual) <= tolerance && converged == row - locked) converged++;
            if (row < count && residual > 0) excess = Math.Max(excess, Math.Sqrt(residual) / tolerance);
        }
        return (converged, excess);
    }

    // Takes pairs out of the matrix: (I − VᵀV) A (I − VᵀV) = A − Vᵀ·U − Uᵀ·V with U = V·A − ½ Λ·V, exactly symmetric in what
    // is left even where V is not yet an eigenvector to the last digit.
    private void Lock(int converged)
    {
        if (converged > 0 && locked + converged < all)
        {
            int first = locked * dimensions, length = converged * dimensions;
            for (int row = locked; row < locked + converged; row++)
                VectorMath.AddScaled(-0.5 * values[row], basis.AsSpan(row * dimensions, dimensions), image.AsSpan(row * dimensions, dimensions));
            double[] v = DoubleProduct.Transpose(basis.AsSpan(first, length), converged, dimensions);
            double[] u = DoubleProduct.Transpose(image.AsSpan(first, length), converged, dimensions);
            DoubleProduct.Add(arithmetic, dimensions, dimensions, converged, -1, v, image.AsMemory(first, length), remaining);
            DoubleProduct.Add(arithmetic, dimensions, dimensions, converged, -1, u, basis.AsMemory(first, length), remaining);
        }
        locked += converged;
    }

    // The active rows times the Chebyshev polynomial of the matrix that lies within ±1 on [0, c]:
    // y₁ = (A − e) x / e, yₜ₊₁ = 2 (A − e) yₜ / e − yₜ₋₁ with e = c / 2.
    private void Filter(double excess)
    {
        double top = values[locked], wanted = values[count - 1];
        double cut = Math.Max(Math.Max(values[rows - 1], 0.01 * wanted), ZeroTolerance * values[0]);
        int allowed = Degree(LargestGrowth, top / cut), enough = Degree(20 * excess, wanted / cut);
        int degree = Math.Clamp(Math.Min(allowed, enough), 1, LargestDegree);

        int active = rows - locked, length = active * dimensions, first = locked * dimensions;
        float half = (float)(cut / 2);
        arithmetic.For(dimensions, i =>
        {
            for (int j = 0; j < dimensions; j++) narrow[i * dimensions + j] = (float)remaining[i * dimensions + j];
        });
        ArrayPool<float> pool = ArrayPool<float>.Shared;
        float[] before = pool.Rent(length), now = pool.Rent(length), next = pool.Rent(length);
        before.AsSpan(0, length).Clear();
        for (int i = 0; i < length; i++) now[i] = (float)basis[first + i];
        for (int step = 0; step < degree; step++)
        {
            arithmetic.Product(false, false, active, dimensions, dimensions, now.AsSpan(0, length), narrow, next);
            float factor = step == 0 ? 1 / half : 2 / half, own = step == 0 ? 1 : 2;
            float[] x = before, y = now, z = next;
            arithmetic.For(active, row => VectorMath.Combine(
                factor, z.AsSpan(row * dimensions, dimensions), -own, y.AsSpan(row * dimensions, dimensions), x.AsSpan(row * dimensions, dimensions)));
            (before, now, next) = (now, next, before);
            products++;
        }
        for (int i = 0; i < length; i++) basis[first + i] = now[i];
        foreach (float[] rented in new[] { before, now, next }) pool.Return(rented);
    }

    // The degree at which the polynomial grows to this value at ratio · c: cosh(degree · acosh(2 · ratio − 1)).
    private static int Degree(double growth, double ratio) =>
        (int)Math.Min(LargestDegree, Math.Acosh(Math.Max(growth, 1)) / Math.Acosh(Math.Max(2 * ratio - 1, 1.0001)));

    private void Orthonormalise() => OrthonormalRows.Complete(arithmetic, basis, dimensions, locked, rows, random);

    // All rows once more against the matrix itself, in double: what was locked at different times becomes diagonal together.
    private EigenPairs Finish()
    {
        Array.Clear(image, 0, rows * dimensions);
        DoubleProduct.Add(arithmetic, rows, dimensions, dimensions, 1, basis, matrix, image);
        products++;
        var (found, turns) = DenseEigen.All(arithmetic, Small(basis, image, 0, rows), rows);
        Rotate(basis, turns, 0, rows, count);
        Rotate(image, turns, 0, rows, count);
        return DenseEigen.Checked(dimensions, found[..count], basis[..(count * dimensions)], image, products);
    }
}
