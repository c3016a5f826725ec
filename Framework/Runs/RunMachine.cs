using System.Runtime.InteropServices;

namespace EvenNet.Framework;

/// <summary>Where a run was made.</summary>
/// <param name="Os">The operating system.</param>
/// <param name="Architecture">Of the process.</param>
/// <param name="Processors">That it may use.</param>
/// <param name="MemoryBytes">That it may use.</param>
/// <param name="Device">What computed, as the backend describes it.</param>
public sealed record RunMachine(string Os, string Architecture, int Processors, long MemoryBytes, string Device)
{
    /// <summary>This machine.</summary>
    public static RunMachine Of(string device) => new(RuntimeInformation.OSDescription, RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, device);
}
