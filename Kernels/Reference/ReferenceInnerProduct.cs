using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n,o] = s · (b[o] + Σ_i w[o,i] · x[n,i])
internal sealed class ReferenceInnerProduct(Bindings b) : Kernel
{
    private readonly int inputs = b.Inputs[0].Shape.Count, outputs = b.Output.Shape.Channels;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter weight = b["weight"], scale = b["scale"];
    private readonly Parameter? bias = b.Find("bias");

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is InnerProduct
        ? new(r.Relu ? "reference.inner-product+relu" : "reference.inner-product", [Layout.Plain], LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => new ReferenceInnerProduct(b))
        : null;

    public override void Forward(Phase phase)
    {
        Numbers w = new(weight.Values);
        double s = new Numbers(scale.Values)[0];
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias is null ? 0 : new Numbers(bias.Values)[o];
                for (int i = 0; i < inputs; i++) sum += w[(long)o * inputs + i] * x[(long)n * inputs + i];
                sum *= s;
                y[(long)n * outputs + o] = b.Request.Relu ? Math.Max(sum, 0) : sum;
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
            for (int o = 0; o < outputs; o++)
            {
                long yi = (long)n * outputs + o;
                double g = b.Request.Relu && y[yi] <= 0 ? 0 : s * dy[yi];
                if (b.ParameterGradients && bias is not null) db[o] += g;
                for (int i = 0; i < inputs; i++)
                {
                    if (b.ParameterGradients) dw[(long)o * inputs + i] += g * x[(long)n * inputs + i];
                    if (gradient is not null) dx[(long)n * inputs + i] += g * w[(long)o * inputs + i];
                }
            }
        }
    }
}
