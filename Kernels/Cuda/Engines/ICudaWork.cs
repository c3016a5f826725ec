namespace EvenNet.Kernels.Cuda;

/// <summary>Work that is given to the device's stream, the same each time: a launch of an own kernel, or a call of a library. One that holds something is disposable.</summary>
internal interface ICudaWork
{
    /// <summary>Gives it to the device; allocates nothing and waits for nothing.</summary>
    void Run();
}
