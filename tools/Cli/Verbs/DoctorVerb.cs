using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Cli;

/// <summary>What this machine has, and whether the kernels compute here what they should.</summary>
internal sealed class DoctorVerb : Verb
{
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public DoctorVerb() : base("doctor", "Looks at this machine: processor, memory, libraries, bundled photographs; runs a small self-test; says what to do.",
        "evennet doctor", "evennet doctor --json") => Add(json);

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        DoctorResult result = Examine();
        if (options.GetValue(json)) ui.Raw(ToolJson.Write(result));
        else Print(result, ui);
        return result.IsHealthy ? ExitCode.Ok : ExitCode.Device;
    }

    private static DoctorResult Examine()
    {
        using var cpu = Backends.Open("cpu");
        NativeLibraryStatus jpeg = JpegDecoder.Library;
        IReadOnlyList<DoctorCheck> checks = SelfTest.Run(cpu);
        int photographs = Photographs.Files.Count;
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        List<string> advice = [];
        if (!jpeg.IsFound) advice.Add("JPEG pictures cannot be read: install libturbojpeg (Debian: apt install libturbojpeg0; Ubuntu: apt install libturbojpeg), or use PNG");
        if (photographs < Photographs.Count) advice.Add($"the bundled photographs are incomplete ({photographs} of {Photographs.Count} in {Photographs.Folder}): evennet demo needs them; build or install the tool again");
        if (!Vector256.IsHardwareAccelerated) advice.Add("no vector instructions wider than 128 bits are in use (AVX2 and AVX-512 make the kernels several times faster)");
        if (memory.TotalAvailableMemoryBytes < 4_000_000_000) advice.Add($"{Text.Bytes(memory.TotalAvailableMemoryBytes)} of memory are little for the large nets: use --count 40, or caffenet-mini");
        foreach (DoctorCheck check in checks.Where(c => !c.Passed)) advice.Add($"the self-test «{check.Name}» failed: this processor computes something else than the reference; results cannot be trusted");
        return new DoctorResult(
            EvenNetTool.Version, RuntimeInformation.OSDescription, RuntimeInformation.ProcessArchitecture.ToString(), RuntimeInformation.FrameworkDescription,
            Environment.ProcessorCount, VectorBits(), cpu.Description, MemoryBytes(), memory.TotalAvailableMemoryBytes,
            Library(jpeg), new DoctorCuda(CudaSystem.Devices(out string? problem), problem, [.. CudaSystem.Libraries.Select(Library)]),
            new DoctorPhotographs(Photographs.Folder, photographs, Photographs.Count), checks, advice,
            checks.All(c => c.Passed) && photographs == Photographs.Count);
    }

    private static DoctorLibrary Library(NativeLibraryStatus l) => new(l.Name, l.IsFound, l.Path, l.Version, l.Tried, l.Problem);

    private static int VectorBits() =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    // The machine's, as Linux tells it; elsewhere what the process may use.
    private static long MemoryBytes()
    {
        const string file = "/proc/meminfo", entry = "MemTotal:";
        string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(entry, StringComparison.Ordinal)) : null;
        return line is not null && long.TryParse(line.AsSpan(entry.Length).Trim().ToString().Split(' ')[0], out long kilobytes)
            ? 1024 * kilobytes
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    private static void Print(DoctorResult r, Ui ui)
    {
        ui.Result("evennet", $"{r.Version} on {r.Dotnet}, {r.Os}, {r.Architecture}");
        ui.Result("processor", $"{r.Processors} usable, vectors of {r.VectorBits} bits");
        ui.Result("memory", $"{Text.Bytes(r.MemoryBytes)}, {Text.Bytes(r.UsableMemoryBytes)} usable by this process");
        ui.Result("devices", $"{r.Device}; reference{string.Concat(r.Cuda.Devices.Select(d => $"; {d}"))}");
        ui.Result("jpeg", r.Jpeg.IsFound ? $"{r.Jpeg.Name} {r.Jpeg.Version} {r.Jpeg.Path}".TrimEnd() : Missing(r.Jpeg));
        if (r.Cuda.Problem is { } problem) ui.Result("cuda", $"no device: {problem}");
        foreach (DoctorLibrary l in r.Cuda.Libraries) ui.Result("cuda", l.IsFound ? $"{l.Name} {l.Version} {l.Path}" : $"{l.Name} {Missing(l)}");
        ui.Result("pictures", $"{r.Photographs.Found} of {r.Photographs.Expected} bundled photographs in {r.Photographs.Folder}");
        foreach (DoctorCheck c in r.Checks)
            ui.Result("self-test", $"{c.Name}: {(c.Passed ? "ok" : "FAILED")}, off the reference by {Text.Rate(c.Error)} (allowed {Text.Rate(c.Allowed)}), {Text.Duration(c.Seconds)}");
        foreach (string line in r.Advice) ui.Result("advice", line);
        if (r.IsHealthy) ui.Note("next", "evennet demo");
    }

    private static string Missing(DoctorLibrary l) => $"not found: {l.Problem ?? $"tried {string.Join(", ", l.Tried)}"}";
}
