using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[r,c,p,q] = max x[n,c,h,w] over the cells of bin (p,q) of region r, which is of picture n; zero where the bin holds no cell of the map.
// The first maximum in row order gets the gradient, from every region that holds it.
internal sealed class ReferenceRoiPooling(Bindings b, RoiPooling layer) : Kernel
{
    private readonly Shape xs = b.Inputs[0].Shape, ys = b.Output.Shape;
    private readonly Numbers x = new(b.Inputs[0].Region), regions = new(b.Inputs[1].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is RoiPooling layer
        ? new("reference.roi-pool", [Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceRoiPooling(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (int r = 0; r < b.Output.Batch; r++)
        {
            RoiCells cells = Cells(r);
            for (int c = 0; c < ys.Channels; c++)
                for (int i = 0; i < ys.Plane; i++)
                    y[((long)r * ys.Channels + c) * ys.Plane + i] = FirstMaximum(cells, c, i) is { } best ? x[best] : 0;
        }
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        if (!b.Accumulate[0]) gradient.Clear();
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (int r = 0; r < b.Output.Batch; r++)
        {
            RoiCells cells = Cells(r);
            for (int c = 0; c < ys.Channels; c++)
                for (int i = 0; i < ys.Plane; i++)
                    if (FirstMaximum(cells, c, i) is { } best) dx[best] += dy[((long)r * ys.Channels + c) * ys.Plane + i];
        }
    }

    private RoiCells Cells(int r) => layer.Cells(regions[5L * r], regions[5L * r + 1], regions[5L * r + 2], regions[5L * r + 3], regions[5L * r + 4], b.Inputs[0].Batch, r);

    // Its place in x; null where the bin is empty.
    private long? FirstMaximum(in RoiCells cells, int c, int i)
    {
        if (cells.Picture < 0) return null;
        (int top, int bottom) = layer.Rows(cells, i / ys.Width, xs.Height);
        (int left, int right) = layer.Columns(cells, i % ys.Width, xs.Width);
        long plane = ((long)cells.Picture * xs.Channels + c) * xs.Plane;
        long? best = null;
        for (int h = top; h < bottom; h++)
        {
            for (int w = left; w < right; w++)
            {
                long xi = plane + h * xs.Width + w;
                if (best is not { } known || x[xi] > x[known]) best = xi;
            }
        }
        return best;
    }
}
