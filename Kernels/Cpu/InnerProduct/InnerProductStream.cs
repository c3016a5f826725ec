using System.Numerics;
using System.Runtime.CompilerServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// One to four samples: the arithmetic hides behind memory, so rows of W stream by from end to end, while the samples' rows of x and dx
/// stay in the second cache. A task is a run of rows with a dx of its own; these are added in order.
/// </summary>
internal sealed unsafe class InnerProductStream : InnerProductBackward
{
    public const int MostSamples = 4;

    // Tasks for the rows, so partial sums of dx, and columns of one task of their addition.
    private const int MostTasks = 16, Columns = 1024;

    private readonly Action<int, int> stream, add;
    private readonly CpuMemory partial;
    private readonly int rows;

    public InnerProductStream(int samples, int inputs, int outputs, Threads threads) : base(samples, inputs, outputs, threads)
    {
        rows = Parts(outputs, MostTasks);
        partial = new CpuMemory((long)Parts(outputs, rows) * samples * inputs);
        stream = samples switch { 1 => Stream<N1>, 2 => Stream<N2>, 3 => Stream<N3>, _ => Stream<N4> };
        add = Add;
    }

    /// <inheritdoc/>
    public override void Dispose() => partial.Dispose();

    protected override void Run()
    {
        threads.For(Parts(outputs, rows), stream);
        if (dx != null) threads.For(Parts(inputs, Columns), add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Stream<TSamples>(int worker, int task) where TSamples : struct, IConstant
    {
        int first = task * rows, end = Math.Min(first + rows, outputs), inputs = this.inputs;
        float* sums = dx == null ? null : partial.Pointer + (long)task * samples * inputs;
        float* x0 = x, x1 = x + inputs, x2 = x + 2L * inputs, x3 = x + 3L * inputs;
        float* y0 = sums, y1 = sums + inputs, y2 = sums + 2L * inputs, y3 = sums + 3L * inputs;
        if (sums != null) new Span<float>(sums, samples * inputs).Clear();
        bool update = step.Momenta != null;
        for (int o = first; o < end; o++)
        {
            float d0 = dy[o], d1 = TSamples.Value > 1 ? dy[outputs + o] : 0, d2 = TSamples.Value > 2 ? dy[2 * outputs + o] : 0, d3 = TSamples.Value > 3 ? dy[3 * outputs + o] : 0;
            Vector<float> b0 = new(d0), b1 = new(d1), b2 = new(d2), b3 = new(d3), factor = new(scale);
            float* w = weight + (long)o * inputs, g = update ? step.Momenta + (long)o * inputs : gradient + (long)o * inputs;
            int i = 0;
            for (; i <= inputs - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> value = Vector.Load(w + i);
                if (sums != null)
                {
                    Vector.MultiplyAddEstimate(b0, value, Vector.Load(y0 + i)).Store(y0 + i);
                    if (TSamples.Value > 1) Vector.MultiplyAddEstimate(b1, value, Vector.Load(y1 + i)).Store(y1 + i);
                    if (TSamples.Value > 2) Vector.MultiplyAddEstimate(b2, value, Vector.Load(y2 + i)).Store(y2 + i);
                    if (TSamples.Value > 3) Vector.MultiplyAddEstimate(b3, value, Vector.Load(y3 + i)).Store(y3 + i);
                }
                if (!update && gradient == null) continue;
                Vector<float> sum = b0 * Vector.Load(x0 + i);
                if (TSamples.Value > 1) sum = Vector.MultiplyAddEstimate(b1, Vector.Load(x1 + i), sum);
                if (TSamples.Value > 2) sum = Vector.MultiplyAddEstimate(b2, Vector.Load(x2 + i), sum);
                if (TSamples.Value > 3) sum = Vector.MultiplyAddEstimate(b3, Vector.Load(x3 + i), sum);
                sum *= factor;
                if (update) step.Apply(value, sum, w + i, g + i);
                else (Vector.Load(g + i) + sum).Store(g + i);
            }
            for (; i < inputs; i++)
            {
                float value = w[i], sum = d0 * x0[i];
                if (sums != null)
                {
                    y0[i] += d0 * value;
                    if (TSamples.Value > 1) y1[i] += d1 * value;
                    if (TSamples.Value > 2) y2[i] += d2 * value;
                    if (TSamples.Value > 3) y3[i] += d3 * value;
                }
                if (TSamples.Value > 1) sum += d1 * x1[i];
                if (TSamples.Value > 2) sum += d2 * x2[i];
                if (TSamples.Value > 3) sum += d3 * x3[i];
                sum *= scale;
                if (update) step.Apply(w + i, &sum, g + i, 1);
                else if (gradient != null) g[i] += sum;
            }
        }
    }

    private void Add(int worker, int task)
    {
        int first = task * Columns, count = Math.Min(Columns, inputs - first), tasks = Parts(outputs, rows);
        for (int n = 0; n < samples; n++)
        {
            float* sums = partial.Pointer + (long)n * inputs + first, to = dx + (long)n * inputs + first;
            for (int part = 1; part < tasks; part++)
            {
                float* other = sums + (long)part * samples * inputs;
                for (int i = 0; i < count; i++) sums[i] += other[i];
            }
            for (int i = 0; i < count; i++) to[i] = accumulate ? to[i] + scale * sums[i] : scale * sums[i];
        }
    }
}
