using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n,o,p,q] = s · (b[o] + Σ_{c,r,t} w[o,c,r,t] · x[n, g·C/G + c, p·stride − pad + r·dilation, q·stride − pad + t·dilation])
internal sealed class ReferenceConvolution(Bindings b, Convolution layer) : Kernel
{
    private readonly Shape xs = b.Inputs[0].Shape, ys = b.Output.Shape;
    private readonly int channels = b.Inputs[0].Shape.Channels / layer.Groups, rows = layer.Kernel.Height, columns = layer.Kernel.Width;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter weight = b["weight"], scale = b["scale"];
    private readonly Parameter? bias = b.Find("bias");

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Convolution layer
        ? new(r.Relu ? "reference.convolution+relu" : "reference.convolution", [Layout.Plain], LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => new ReferenceConvolution(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        Numbers weights = new(weight.Values);
        double s = new Numbers(scale.Values)[0];
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int o = 0; o < ys.Channels; o++)
            {
                double offset = bias is null ? 0 : new Numbers(bias.Values)[o];
                for (int i = 0; i < ys.Plane; i++)
                {
                    double sum = s * (offset + Gather(n, o, i, weights, x));
                    y[((long)n * ys.Channels + o) * ys.Plane + i] = b.Request.Relu ? Math.Max(sum, 0) : sum;
                }
            }
        }
    }

    public override void Backward()
    {
        Tensor? gradient = b.InputGradients[0];
        if (gradient is not null && !b.Accumulate[0]) gradient.Clear();
        Numbers weights = new(weight.Values), dy = new(b.OutputGradient!.Region);
        double s = new Numbers(scale.Values)[0];
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int o = 0; o < ys.Channels; o++)
            {
                double sum = 0;
                for (int i = 0; i < ys.Plane; i++)
                {
                    long yi = ((long)n * ys.Channels + o) * ys.Plane + i;
                    double g = b.Request.Relu && y[yi] <= 0 ? 0 : s * dy[yi];
                    sum += g;
                    if (g == 0) continue;
                    if (b.ParameterGradients) Scatter(n, o, i, g, x, new Numbers(weight.Gradients), toWeights: true);
                    if (gradient is not null) Scatter(n, o, i, g, weights, new Numbers(gradient.Region), toWeights: false);
                }
                if (b.ParameterGradients && bias is not null) new Numbers(bias.Gradients)[o] += sum;
            }
        }
    }

    // Σ w · x under the window of output o at position i, without the padding.
    private double Gather(int n, int o, int i, Numbers weights, Numbers inputs)
    {
        double sum = 0;
        int left = i % ys.Width * layer.Stride.Width - layer.Pad.Width;
        for (int c = 0; c < channels; c++)
        {
            for (int r = 0; r < rows; r++)
            {
                if (!Row(n, o, c, r, i, out long xi, out long wi)) continue;
                for (int t = 0, w = left; t < columns; t++, w += layer.Dilation.Width)
                    if ((uint)w < (uint)xs.Width) sum += weights[wi + t] * inputs[xi + w];
            }
        }
        return sum;
    }

    // Adds g · x to the weights' gradients or g · w to the inputs', under the same window.
    private void Scatter(int n, int o, int i, double g, Numbers from, Numbers to, bool toWeights)
    {
        int left = i % ys.Width * layer.Stride.Width - layer.Pad.Width;
        for (int c = 0; c < channels; c++)
        {
            for (int r = 0; r < rows; r++)
            {
                if (!Row(n, o, c, r, i, out long xi, out long wi)) continue;
                for (int t = 0, w = left; t < columns; t++, w += layer.Dilation.Width)
                {
                    if ((uint)w >= (uint)xs.Width) continue;
                    if (toWeights) to[wi + t] += g * from[xi + w];
                    else to[xi + w] += g * from[wi + t];
                }
            }
        }
    }

    // Where the input's row under row r of the window begins, and the weights' row; false in the padding.
    private bool Row(int n, int o, int c, int r, int i, out long xi, out long wi)
    {
        int first = o / (ys.Channels / layer.Groups) * channels, h = i / ys.Width * layer.Stride.Height - layer.Pad.Height + r * layer.Dilation.Height;
        xi = (((long)n * xs.Channels + first + c) * xs.Height + h) * xs.Width;
        wi = (((long)o * channels + c) * rows + r) * columns;
        return (uint)h < (uint)xs.Height;
    }
}
