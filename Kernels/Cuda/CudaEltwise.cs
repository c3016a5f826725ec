using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Sum, product or maximum of up to sixteen inputs in one pass.</summary>
internal static class CudaEltwise
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Eltwise layer && r.Inputs.Count <= InputList.Capacity
        ? new($"cuda.{Name(layer.Kind)}", [.. r.Inputs.Select(_ => Layout.Plain)], Framework.LayoutKind.Plain,
            layer.Kind == EltwiseKind.Sum ? BackwardReads.None : BackwardReads.Inputs, b => Bind(b, layer, device))
        : null;

    private static CudaKernel Bind(Bindings b, Eltwise layer, CudaDevice device)
    {
        long count = b.Output.Count;
        int kind = (int)layer.Kind;
        var grid = CudaGrid.Elements(count);
        var inputs = new InputList();
        for (int k = 0; k < b.Inputs.Count; k++) inputs.Add(b.Inputs[k].Address, layer.Kind == EltwiseKind.Sum ? layer.Coefficient(k) : 1);
        List<CudaLaunch> back = [];
        for (int k = 0; k < b.Inputs.Count; k++)
        {
            if (b.InputGradients[k] is not { } dx) continue;
            ulong dy = b.OutputGradient!.Address;
            back.Add(layer.Kind == EltwiseKind.Sum
                ? new(device, "scaled_copy", grid) { count, layer.Coefficient(k), dy, dx.Address, b.Accumulate[k] }
                : new(device, "eltwise_backward", grid) { count, kind, k, inputs, dy, dx.Address, b.Accumulate[k] });
        }
        return new CudaKernel { Train = [new(device, "eltwise_forward", grid) { count, kind, inputs, b.Output.Address }], Back = [.. back] };
    }

    private static string Name(EltwiseKind kind) => kind switch
    {
        EltwiseKind.Sum => "sum",
        EltwiseKind.Product => "product",
        _ => "max",
    };
}
