using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Where what a kernel is bound to lies on the device.</summary>
internal static class CudaAddress
{
    extension(Tensor tensor)
    {
        public ulong Address => CudaStorage.AddressOf(tensor.Region);
    }

    extension(Region region)
    {
        public ulong Address => CudaStorage.AddressOf(region);
    }

    extension(Parameter parameter)
    {
        public ulong Address => CudaStorage.AddressOf(parameter.Values);

        public ulong GradientAddress => CudaStorage.AddressOf(parameter.Gradients);
    }
}
