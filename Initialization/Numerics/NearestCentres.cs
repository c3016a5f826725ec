using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// For each of a set of unit rows the nearest centre. Chunks of rows times all centres go through the matrix product, then
/// one vectorised pass finds the largest of x·c − ½‖c‖², which is nearest in Euclid's sense and, among unit centres, in
/// angle. A row whose number is not among the usable ones has no centre: −1.
/// When centres have moved a little, rows whose centre cannot have changed are left out: no other score has grown by more than
/// its centre moved, see <see cref="ScoreBounds"/>. Where a device holds the rows it looks at them all, and adds them up.
/// </summary>
internal sealed class NearestCentres : IDisposable
{
    private const int ScoreCount = 1 << 18, MostRows = 4096, TaskRows = 32, BoundRows = 1024, Vector = 16;

    // Gathering costs about a tenth of the product: with more doubtful rows than this, all are looked at where they lie.
    private const double MostShare = 0.85;

    // More than rounding takes from a score, so that a row is only left out when float32 would find the same centre again.
    private const float Margin = 1e-5f;

    private readonly Arithmetic arithmetic;
    private readonly ReadOnlyMemory<float> rows;
    private readonly IHeldRows? held;
    private readonly int[] usable;
    private readonly int dimensions, clusters, count, chunkRows;

    // Centres in whole vectors: those beyond the last are zero, and infinitely far.
    private readonly int padded;
    private readonly float[] paddedCentres, halfNorms, scores, closeness;

    // Rows to look at again are gathered.
    private readonly ScoreBounds bounds;
    private readonly float[] gathered;

    // What SumRows has summed: the centre of each row then, and each centre's sum.
    private readonly int[] summed;
    private readonly double[][] sums;

    /// <param name="arithmetic">What computes.</param>
    /// <param name="rows">Unit rows: n×m.</param>
    /// <param name="dimensions">Length of a row, m.</param>
    /// <param name="clusters">Number of centres, K.</param>
    /// <param name="usable">Numbers of the rows that take part, ascending.</param>
    public NearestCentres(Arithmetic arithmetic, ReadOnlyMemory<float> rows, int dimensions, int clusters, int[] usable)
    {
        (this.arithmetic, this.rows, this.dimensions, this.clusters, this.usable) = (arithmetic, rows, dimensions, clusters, usable);
        count = rows.Length / dimensions;
        held = arithmetic.Hold(rows.Span, dimensions);
        padded = (clusters + Vector - 1) / Vector * Vector;
        chunkRows = Math.Clamp(ScoreCount / padded / TaskRows * TaskRows, TaskRows, MostRows);    // whole tasks
        paddedCentres = new float[padded * dimensions];
        halfNorms = new float[padded];
        Array.Fill(halfNorms, float.PositiveInfinity);
        scores = new float[Math.Min(chunkRows, count) * padded];
        closeness = new float[count];
        bounds = new ScoreBounds(count, clusters, dimensions);
        gathered = new float[Math.Min(chunkRows, count) * dimensions];
        Assignments = new int[count];
        Array.Fill(Assignments, -1);
        Sizes = new int[clusters];
        summed = (int[])Assignments.Clone();
        sums = [.. Enumerable.Range(0, clusters).Select(_ => new double[dimensions])];
    }

    /// <summary>The centre of each row: n.</summary>
    public int[] Assignments { get; }

    /// <summary>Rows of each centre: K.</summary>
    public int[] Sizes { get; }

    /// <summary>Σ ‖row − its centre‖² = Σ 1 − 2 (x·c − ½‖c‖²).</summary>
    public double Inertia { get; private set; }

    /// <summary>Assigns all rows and returns how many changed their centre.</summary>
    public int Assign(float[] centres)
    {
        centres.AsSpan(0, clusters * dimensions).CopyTo(paddedCentres);
        for (int k = 0; k < clusters; k++) halfNorms[k] = (float)(0.5 * VectorMath.SquaredNorm(centres.AsSpan(k * dimensions, dimensions)));

        int changed = held is null ? AssignOnHost(centres) : Assign(held, centres);

        Array.Clear(Sizes);
        double inertia = 0;
        foreach (int row in usable)
        {
            Sizes[Assignments[row]]++;
            inertia += Math.Max(0, 1 - 2.0 * closeness[row]);
        }
        Inertia = inertia;
        return changed;
    }

    /// <summary>Frees the rows of a device.</summary>
    public void Dispose() => held?.Dispose();

    private int Assign(IHeldRows held, float[] centres)
    {
        int[] nearest = new int[count];
        held.Nearest(centres.AsSpan(0, clusters * dimensions), halfNorms.AsSpan(0, clusters), nearest, closeness);
        int changed = 0;
        foreach (int row in usable)
        {
            if (Assignments[row] != nearest[row]) changed++;
            Assignments[row] = nearest[row];
        }
        return changed;
    }

    private int AssignOnHost(float[] centres)
    {
        int changed = 0;
        int[] doubtful = bounds.IsEmpty ? usable : Doubtful(centres);
        bounds.Keep(centres, halfNorms);
        for (int first = 0; first < doubtful.Length; first += chunkRows) changed += Choose(new ArraySegment<int>(doubtful, first, Math.Min(chunkRows, doubtful.Length - first)));
        return changed;
    }

    /// <summary>
    /// Gives each empty centre the worst-fitting row of a centre that has others, and returns the pairs of centre and row.
    /// With at least as many rows as centres none stays empty.
    /// </summary>
    public List<(int Centre, int Row)> FillEmpty()
    {
        var filled = new List<(int, int)>();
        if (!Sizes.Contains(0)) return filled;

        int[] worstFirst = [.. usable.OrderBy(row => closeness[row])];    // stable: of equals, the first row
        int next = 0;
        for (int k = 0; k < clusters; k++)
        {
            if (Sizes[k] > 0) continue;
            while (next < worstFirst.Length && Sizes[Assignments[worstFirst[next]]] < 2) next++;
            if (next == worstFirst.Length) break;
            int row = worstFirst[next++];
            Inertia -= Math.Max(0, 1 - 2.0 * closeness[row]);
            Sizes[Assignments[row]]--;
            Assignments[row] = k;
            Sizes[k] = 1;
            closeness[row] = 0.5f;
            bounds.Forget(row);
            filled.Add((k, row));
        }
        return filled;
    }

    /// <summary>
    /// The sum of each centre's rows in double, handed to <paramref name="take"/> with the centre's number. A later call only takes off the rows that
    /// have left and adds those that have come, in their order.
    /// </summary>
    public void SumRows(Action<int, double[]> take)
    {
        if (held is not null)
        {
            SumRows(held, take);
            return;
        }
        (int[] left, int[] leftStarts) = Moved(summed, Assignments);
        (int[] come, int[] comeStarts) = Moved(Assignments, summed);
        arithmetic.For(clusters, k =>
        {
            double[] sum = sums[k];
            ReadOnlySpan<float> all = rows.Span;
            for (int i = leftStarts[k]; i < leftStarts[k + 1]; i++) VectorMath.TakeOff(all.Slice(left[i] * dimensions, dimensions), sum);
            for (int i = comeStarts[k]; i < comeStarts[k + 1]; i++) VectorMath.Add(all.Slice(come[i] * dimensions, dimensions), sum);
            take(k, sum);
        });
        Assignments.CopyTo(summed, 0);
    }

    private void SumRows(IHeldRows held, Action<int, double[]> take)
    {
        (int[] all, int[] starts) = Moved(Assignments, summed);
        double[] flat = new double[clusters * dimensions];
        held.Sum(all, starts, flat);
        arithmetic.For(clusters, k =>
        {
            flat.AsSpan(k * dimensions, dimensions).CopyTo(sums[k]);
            take(k, sums[k]);
        });
    }

    // The rows that are one centre's here and another's, or nobody's, there: one centre's after the other's, and where each centre's begin.
    private (int[] Rows, int[] Starts) Moved(int[] here, int[] there)
    {
        int[] starts = new int[clusters + 1];
        foreach (int row in usable) if (here[row] != there[row] && here[row] >= 0) starts[here[row] + 1]++;
        for (int k = 0; k < clusters; k++) starts[k + 1] += starts[k];
        int[] next = starts[..clusters], moved = new int[starts[clusters]];
        foreach (int row in usable) if (here[row] != there[row] && here[row] >= 0) moved[next[here[row]]++] = row;
        return (moved, starts);
    }

    // Rows that another centre may be nearer to by now, ascending; the others' own score is brought up to date.
    private int[] Doubtful(float[] centres)
    {
        bounds.Move(centres, halfNorms);
        int pieces = (usable.Length + BoundRows - 1) / BoundRows;
        var found = new List<int>[pieces];
        arithmetic.For(pieces, piece =>
        {
            List<int> list = found[piece] = [];
            for (int i = piece * BoundRows; i < Math.Min(usable.Length, (piece + 1) * BoundRows); i++)
            {
                int row = usable[i], own = Assignments[row];
                float score = VectorMath.Dot(rows.Span.Slice(row * dimensions, dimensions), centres.AsSpan(own * dimensions, dimensions)) - halfNorms[own];
                if (score > bounds.LargestBeside(row) + Margin) closeness[row] = score;
                else list.Add(row);
            }
        });
        int[] doubtful = [.. found.SelectMany(list => list)];
        return doubtful.Length > MostShare * usable.Length ? usable : doubtful;
    }

    // The nearest centre of some rows, at most a chunk of them. Returns how many changed their centre.
    private int Choose(ArraySegment<int> some)
    {
        int length = some.Count, first = some[0];
        bool together = some[length - 1] - first == length - 1;
        if (!together)
            arithmetic.For((length + TaskRows - 1) / TaskRows, task =>
            {
                for (int i = task * TaskRows; i < Math.Min(length, (task + 1) * TaskRows); i++)
                    rows.Span.Slice(some[i] * dimensions, dimensions).CopyTo(gathered.AsSpan(i * dimensions));
            });
        ReadOnlySpan<float> x = together ? rows.Span.Slice(first * dimensions, length * dimensions) : gathered.AsSpan(0, length * dimensions);
        arithmetic.Product(false, true, length, padded, dimensions, x, paddedCentres, scores);

        int[] changes = new int[(length + TaskRows - 1) / TaskRows];
        arithmetic.For(changes.Length, task =>
        {
            for (int i = task * TaskRows; i < Math.Min(length, (task + 1) * TaskRows); i++)
            {
                int row = some[i];
                var (nearest, value) = VectorMath.LargestDifference(scores.AsSpan(i * padded, padded), halfNorms, bounds.Set(row));
                if (Assignments[row] != nearest) changes[task]++;
                Assignments[row] = nearest;
                closeness[row] = value;
            }
        });
        return changes.Sum();
    }
}
