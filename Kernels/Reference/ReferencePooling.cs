using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// Maximum: y[n,c,p,q] = max x[n,c,h,w] over the window at (p·stride − pad, q·stride − pad), cut off at the image; the first maximum in
// row order gets the gradient.
// Average: the window's sum, divided by its area before it is cut off at the image but after it is cut off where the padding ends.
internal sealed class ReferencePooling(Bindings b, Pooling layer) : Kernel
{
    private readonly Shape xs = b.Inputs[0].Shape, ys = b.Output.Shape;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Pooling layer
        ? new(layer.Kind == PoolKind.Max ? "reference.max-pool" : "reference.average-pool", [Layout.Plain], LayoutKind.Plain,
            layer.Kind == PoolKind.Max ? BackwardReads.Inputs : BackwardReads.None, b => new ReferencePooling(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (long plane = 0; plane < (long)b.Output.Batch * ys.Channels; plane++)
        {
            for (int i = 0; i < ys.Plane; i++)
            {
                Window at = WindowAt(i);
                long yi = plane * ys.Plane + i;
                if (layer.Kind == PoolKind.Max) y[yi] = x[FirstMaximum(plane, at)];
                else y[yi] = Sum(plane, at) / at.Area;
            }
        }
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        if (!b.Accumulate[0]) gradient.Clear();
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long plane = 0; plane < (long)b.Output.Batch * ys.Channels; plane++)
        {
            for (int i = 0; i < ys.Plane; i++)
            {
                Window at = WindowAt(i);
                double g = dy[plane * ys.Plane + i];
                if (layer.Kind == PoolKind.Max)
                {
                    dx[FirstMaximum(plane, at)] += g;
                    continue;
                }
                for (int h = at.Top; h < at.Bottom; h++)
                    for (int w = at.Left; w < at.Right; w++) dx[plane * xs.Plane + h * xs.Width + w] += g / at.Area;
            }
        }
    }

    private double Sum(long plane, Window at)
    {
        double sum = 0;
        for (int h = at.Top; h < at.Bottom; h++)
            for (int w = at.Left; w < at.Right; w++) sum += x[plane * xs.Plane + h * xs.Width + w];
        return sum;
    }

    private long FirstMaximum(long plane, Window at)
    {
        long best = plane * xs.Plane + at.Top * xs.Width + at.Left;
        for (int h = at.Top; h < at.Bottom; h++)
        {
            for (int w = at.Left; w < at.Right; w++)
            {
                long xi = plane * xs.Plane + h * xs.Width + w;
                if (x[xi] > x[best]) best = xi;
            }
        }
        return best;
    }

    private Window WindowAt(int i)
    {
        int top = i / ys.Width * layer.Stride.Height - layer.Pad.Height, left = i % ys.Width * layer.Stride.Width - layer.Pad.Width;
        int bottom = Math.Min(top + layer.Kernel.Height, xs.Height + layer.Pad.Height), right = Math.Min(left + layer.Kernel.Width, xs.Width + layer.Pad.Width);
        return new Window(Math.Max(top, 0), Math.Max(left, 0), Math.Min(bottom, xs.Height), Math.Min(right, xs.Width), (bottom - top) * (right - left));
    }

    // Rows Top … Bottom − 1 and columns Left … Right − 1 lie in the image; the area is what an average divides by.
    private readonly record struct Window(int Top, int Left, int Bottom, int Right, int Area);
}
