using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The inputs' channels one after the other. Blocked where every input arrives blocked and all but the last fill their blocks, so that whole
/// planes are copied; else plain. An input that is planned as part of the output, or its gradient as part of the output's, needs no copy.
/// </summary>
internal sealed class CpuConcat : Kernel
{
    private const long JobSize = 16384;
    private readonly Threads threads;
    private readonly CpuTensor[] x, dx;
    private readonly bool[] wanted, accumulate;
    private readonly CpuTensor y, dy;
    private readonly Job[] forwardJobs;
    private readonly Job[][] backwardJobs;      // of each input
    private readonly Action<int, int> forward, backward;
    private Job[] present;

    // Some planes of one input's sample and where they lie in the output.
    private readonly record struct Job(int Input, long Plane, long OutputPlane, int Count);

    private CpuConcat(Bindings b, Threads threads)
    {
        this.threads = threads;
        x = [.. b.Inputs.Select(t => new CpuTensor(t))];
        y = new CpuTensor(b.Output);
        dx = [.. b.InputGradients.Select(t => t is null ? default : new CpuTensor(t))];
        dy = b.OutputGradient is null ? default : new CpuTensor(b.OutputGradient);
        wanted = [.. b.InputGradients.Select(t => t is not null)];
        accumulate = [.. b.Accumulate];
        forwardJobs = [.. Jobs(x, y)];
        backwardJobs = [.. Enumerable.Range(0, x.Length).Select(k => wanted[k] ? Jobs(dx, dy).Where(j => j.Input == k).ToArray() : [])];
        (forward, backward, present) = (ForwardJob, BackwardJob, forwardJobs);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Concat) return null;
        bool whole = r.Inputs.Take(r.Inputs.Count - 1).All(s => s.Channels % Layout.BlockSize == 0);
        LayoutKind kind = whole ? CpuTensor.Arriving(r) : LayoutKind.Plain;
        return new("cpu.concat", [.. r.Inputs.Select(_ => new Layout(kind))], kind, BackwardReads.None, b => new CpuConcat(b, threads))
        {
            TakesParts = kind == LayoutKind.Blocked,
        };
    }

    public override void Forward(Phase phase) => threads.For(forwardJobs.Length, forward);

    // An input that comes twice adds to what its first appearance wrote: one input after the other.
    public override void Backward()
    {
        foreach (Job[] jobs in backwardJobs)
        {
            present = jobs;
            threads.For(jobs.Length, backward);
        }
    }

    // What lies apart from its place in the whole.
    private IEnumerable<Job> Jobs(CpuTensor[] x, CpuTensor y)
    {
        int atOnce = (int)Math.Clamp(JobSize / Math.Max(1, y.Height * (long)y.RowLength), 1, y.Planes), before = 0;
        for (int k = 0; k < x.Length; before += this.x[k++].Planes)
        {
            if (x[k].Samples == 0 || x[k].StartsAt(y, before)) continue;
            for (int n = 0; n < y.Samples; n++)
            {
                for (int plane = 0; plane < x[k].Planes; plane += atOnce)
                {
                    yield return new Job(k, (long)n * x[k].Planes + plane, (long)n * y.Planes + before + plane, Math.Min(atOnce, x[k].Planes - plane));
                }
            }
        }
    }

    private void ForwardJob(int worker, int index)
    {
        Job job = forwardJobs[index];
        x[job.Input].CopyPlanes(job.Plane, y, job.OutputPlane, job.Count, add: false);
    }

    private void BackwardJob(int worker, int index)
    {
        Job job = present[index];
        dy.CopyPlanes(job.OutputPlane, dx[job.Input], job.Plane, job.Count, accumulate[job.Input]);
    }
}
