using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Updates of weights on the device, a launch for each parameter.</summary>
internal sealed class CudaSolver(CudaDevice device)
{
    public void Sgd(in SgdUpdate u) => new CudaLaunch(device, "sgd_step", CudaGrid.Elements(u.Values.Count))
    {
        u.Values.Count, u.GradientScale, u.Decay, Magnitudes(u.DecayKind), u.Momentum, u.Rate, u.Nesterov, u.Values.Address, u.Gradients.Address, u.Momenta.Address,
    }.Run();

    public void Adam(in AdamUpdate u) => new CudaLaunch(device, "adam_step", CudaGrid.Elements(u.Values.Count))
    {
        u.Values.Count, u.GradientScale, u.Decay, Magnitudes(u.DecayKind), u.Beta1, u.Beta2, u.Delta, u.Rate, u.Values.Address, u.Gradients.Address, u.Momenta.Address, u.Squares.Address,
    }.Run();

    public void RmsProp(in RmsPropUpdate u) => new CudaLaunch(device, "rms_prop_step", CudaGrid.Elements(u.Values.Count))
    {
        u.Values.Count, u.GradientScale, u.Decay, Magnitudes(u.DecayKind), u.Rho, u.Delta, u.Rate, u.Values.Address, u.Gradients.Address, u.Squares.Address,
    }.Run();

    private static bool Magnitudes(DecayKind kind) => kind == DecayKind.Magnitudes;
}
