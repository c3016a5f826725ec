namespace EvenNet.Tests.Cuda;

/// <summary>Tests that run at one <see cref="CudaPlace"/>.</summary>
public abstract class CudaFixture(bool gpu)
{
    private protected CudaPlace Place { get; } = new(gpu);

    private protected bool IsGpu => gpu;

    [OneTimeSetUp]
    public void Require() => Place.Require();

    [OneTimeTearDown]
    public void Leave() => Place.Dispose();
}
