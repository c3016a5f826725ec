namespace EvenNet.Cli;

/// <summary>What <c>doctor</c> finds.</summary>
internal sealed record DoctorResult(
    string Version, string Os, string Architecture, string Dotnet, int Processors, int VectorBits, string Device, long MemoryBytes, long UsableMemoryBytes,
    DoctorLibrary Jpeg, DoctorCuda Cuda, DoctorPhotographs Photographs, IReadOnlyList<DoctorCheck> Checks, IReadOnlyList<string> Advice, bool IsHealthy);

/// <summary>A native library.</summary>
internal sealed record DoctorLibrary(string Name, bool IsFound, string? Path, string? Version, IReadOnlyList<string> Tried, string? Problem);

/// <summary>GPUs: those that can be used, or why there is none, and the libraries of CUDA.</summary>
internal sealed record DoctorCuda(IReadOnlyList<string> Devices, string? Problem, IReadOnlyList<DoctorLibrary> Libraries);

/// <summary>The bundled photographs.</summary>
internal sealed record DoctorPhotographs(string Folder, int Found, int Expected);

/// <summary>One self-test: the largest difference from the reference, relative, and the largest that is allowed.</summary>
internal sealed record DoctorCheck(string Name, double Error, double Allowed, double Seconds)
{
    public bool Passed => Error <= Allowed;
}
