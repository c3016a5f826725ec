using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n, g·O/G + o, h·stride − pad + r·dilation, w·stride − pad + s·dilation] += w[c,o,r,s] · x[n,c,h,w] for c in group g; then + b
internal sealed class ReferenceDeconvolution(Bindings b, Deconvolution layer) : Kernel
{
    private readonly Shape xs = b.Inputs[0].Shape, ys = b.Output.Shape;
    private readonly int inputs = b.Inputs[0].Shape.Channels / layer.Groups, outputs = layer.Outputs / layer.Groups, rows = layer.Kernel.Height, columns = layer.Kernel.Width;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter weight = b["weight"];
    private readonly Parameter? bias = b.Find("bias");

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Deconvolution layer
        ? new("reference.deconvolution", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceDeconvolution(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++) y[i] = bias is null ? 0 : new Numbers(bias.Values)[i / ys.Plane % ys.Channels];
        var weights = new Numbers(weight.Values);
        ForEach((xi, wi, yi) => y[yi] += weights[wi] * x[xi]);
    }

    public override void Backward()
    {
        var dy = new Numbers(b.OutputGradient!.Region);
        Tensor? gradient = b.InputGradients[0];
        if (gradient is not null && !b.Accumulate[0]) gradient.Clear();
        if (gradient is not null)
        {
            Numbers dx = new(gradient.Region), weights = new(weight.Values);
            ForEach((xi, wi, yi) => dx[xi] += weights[wi] * dy[yi]);
        }
        if (!b.ParameterGradients) return;
        var dWeight = new Numbers(weight.Gradients);
        ForEach((xi, wi, yi) => dWeight[wi] += x[xi] * dy[yi]);
        if (bias is null) return;
        var dBias = new Numbers(bias.Gradients);
        for (long i = 0; i < b.Output.Count; i++) dBias[i / ys.Plane % ys.Channels] += dy[i];
    }

    // Every input value with every tap that lands within the output, and where it lands.
    private void ForEach(Action<long, long, long> tap)
    {
        for (long xi = 0; xi < b.Inputs[0].Count; xi++)
        {
            int w = (int)(xi % xs.Width), h = (int)(xi / xs.Width % xs.Height), c = (int)(xi / xs.Plane % xs.Channels);
            for (int o = 0; o < outputs; o++)
            {
                long plane = (xi / xs.Count * ys.Channels + c / inputs * outputs + o) * ys.Plane;
                for (int r = 0; r < rows; r++)
                {
                    int p = h * layer.Stride.Height - layer.Pad.Height + r * layer.Dilation.Height;
                    if ((uint)p >= (uint)ys.Height) continue;
                    for (int s = 0; s < columns; s++)
                    {
                        int q = w * layer.Stride.Width - layer.Pad.Width + s * layer.Dilation.Width;
                        if ((uint)q < (uint)ys.Width) tap(xi, (((long)c * outputs + o) * rows + r) * columns + s, plane + (long)p * ys.Width + q);
                    }
                }
            }
        }
    }
}
