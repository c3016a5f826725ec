namespace EvenNet.Framework;

/// <summary>
/// Floating-point operations of a kernel's passes over the whole batch. Two a multiply-add of the layer's definition unless the kernel says
/// otherwise: Winograd's are fewer, and what the kernel can reach is judged by those.
/// </summary>
/// <param name="Forward">From the inputs to the output.</param>
/// <param name="BackwardData">To the gradients of all differentiable inputs.</param>
/// <param name="BackwardWeights">To the parameters' gradients.</param>
public sealed record KernelOperations(double Forward, double BackwardData, double BackwardWeights)
{
    /// <summary>By the layer's definition.</summary>
    public static KernelOperations Of(KernelRequest request)
    {
        double forward = 2.0 * request.Batch * request.Layer.MultiplyAdds(request.Inputs, request.Output);
        return new(forward, forward, forward);
    }
}
