using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n,o,p,q] = s · (b[o] + Σ_{c,r,t} w[o,c,r,t] · x[n, g·C/G + c, p·stride − pad + r·dilation, q·stride − pad + t·dilation])
internal sealed class ReferenceConvolution(Bindings b, Convolution layer) : Kernel
{
    private readonly Shape xs = b.Inputs[0].Shape, ys = b.Output.Shape;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter weight = b["weight"], scale = b["scale"];
    private readonly Parameter? bias = b.Find("bias");

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Convolution layer
        ? new(r.Relu ? "reference.convolution+relu" : "reference.convolution", [Layout.Plain], LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => new ReferenceConvolution(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        Numbers w = new(weight.Values);
        double s = new Numbers(scale.Values)[0];
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int o = 0; o < ys.Channels; o++)
            {
                for (int i = 0; i < ys.Plane; i++)
                {
                    double sum = bias is null ? 0 : new Numbers(bias.Values)[o];
                    foreach ((long xi, long wi) in Window(n, o, i)) sum += w[wi] * x[xi];
                    sum *= s;
                    y[((long)n * ys.Channels + o) * ys.Plane + i] = b.Request.Relu ? Math.Max(sum, 0) : sum;
                }
            }
        }
    }

    public override void Backward()
    {
        Tensor? gradient = b.InputGradients[0];
        if (gradient is not null && !b.Accumulate[0]) gradient.Clear();
        Numbers w = new(weight.Values), dy = new(b.OutputGradient!.Region);
        Numbers dx = gradient is null ? default : new(gradient.Region);
        Numbers dw = b.ParameterGradients ? new(weight.Gradients) : default, db = b.ParameterGradients && bias is not null ? new(bias.Gradients) : default;
        double s = new Numbers(scale.Values)[0];
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int o = 0; o < ys.Channels; o++)
            {
                for (int i = 0; i < ys.Plane; i++)
                {
                    long yi = ((long)n * ys.Channels + o) * ys.Plane + i;
                    double g = b.Request.Relu && y[yi] <= 0 ? 0 : s * dy[yi];
                    if (b.ParameterGradients && bias is not null) db[o] += g;
                    foreach ((long xi, long wi) in Window(n, o, i))
                    {
                        if (b.ParameterGradients) dw[wi] += g * x[xi];
                        if (gradient is not null) dx[xi] += g * w[wi];
                    }
                }
            }
        }
    }

    // The (input, weight) pairs under the window of output o at position i, without those in the padding.
    private IEnumerable<(long X, long W)> Window(int n, int o, int i)
    {
        int channels = xs.Channels / layer.Groups, first = o / (ys.Channels / layer.Groups) * channels;
        int top = i / ys.Width * layer.Stride.Height - layer.Pad.Height, left = i % ys.Width * layer.Stride.Width - layer.Pad.Width;
        for (int c = 0; c < channels; c++)
        {
            for (int r = 0; r < layer.Kernel.Height; r++)
            {
                for (int t = 0; t < layer.Kernel.Width; t++)
                {
                    int h = top + r * layer.Dilation.Height, w = left + t * layer.Dilation.Width;
                    if ((uint)h >= (uint)xs.Height || (uint)w >= (uint)xs.Width) continue;
                    yield return ((((long)n * xs.Channels + first + c) * xs.Height + h) * xs.Width + w,
                        (((long)o * channels + c) * layer.Kernel.Height + r) * layer.Kernel.Width + t);
                }
            }
        }
    }
}
