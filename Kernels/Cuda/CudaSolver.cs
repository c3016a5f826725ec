using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Updates of weights on the device, one parameter at a time or all of them in one launch.</summary>
internal sealed class CudaSolver(CudaDevice device)
{
    public void Sgd(in SgdUpdate update) => Run(UpdateRow.Of(update));

    public void Adam(in AdamUpdate update) => Run(UpdateRow.Of(update));

    public void RmsProp(in RmsPropUpdate update) => Run(UpdateRow.Of(update));

    public CudaUpdates<SgdUpdate> Fuse(IReadOnlyList<SgdUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) =>
        new(device, updates, UpdateRow.Of, cleared, watched);

    public CudaUpdates<AdamUpdate> Fuse(IReadOnlyList<AdamUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) =>
        new(device, updates, UpdateRow.Of, cleared, watched);

    public CudaUpdates<RmsPropUpdate> Fuse(IReadOnlyList<RmsPropUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) =>
        new(device, updates, UpdateRow.Of, cleared, watched);

    private void Run(UpdateRow row) => new CudaLaunch(device, "update_row", CudaGrid.Elements(row.Count)) { row }.Run();
}
