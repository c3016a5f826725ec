using System.Runtime.Intrinsics;

namespace EvenNet.Tests.Kernels;

/// <summary>
/// Guards the runs at narrower vectors: the switch must have reached this process, or they would test the wide kernels again.
/// </summary>
public sealed class VectorWidthTests
{
    [TestCase("DOTNET_EnableAVX512", 512)]
    [TestCase("DOTNET_EnableHWIntrinsic", 512)]
    [TestCase("DOTNET_EnableHWIntrinsic", 256)]
    [TestCase("DOTNET_EnableHWIntrinsic", 128)]
    public void A_width_that_is_switched_off_is_not_used(string variable, int bits)
    {
        bool off = Environment.GetEnvironmentVariable(variable) == "0";
        bool used = bits switch
        {
            512 => Vector512.IsHardwareAccelerated,
            256 => Vector256.IsHardwareAccelerated,
            _ => Vector128.IsHardwareAccelerated,
        };
        Assert.That(off && used, Is.False, $"{variable}=0, but vectors of {bits} bits are accelerated");
    }
}
