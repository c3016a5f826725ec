using System.Diagnostics;
using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;
using EvenNet.Tests.Cli;

namespace EvenNet.Tests.Cuda;

/// <summary>The tool with --device cuda:N: without a GPU, and on the emulated one, with and without the vendor's libraries.</summary>
public sealed class CudaToolTests
{
    [Test]
    public void A_device_that_is_not_there_ends_with_3_and_says_what_was_tried([Values("cuda", "cuda:0", "cuda:7")] string device)
    {
        if (CudaSystem.Devices(out _).Count > 7) Assert.Ignore("this machine has such a device");
        if (device != "cuda:7" && CudaSystem.Devices(out _).Count > 0) Assert.Ignore("this machine has a CUDA device");
        ToolRun run = ToolRun.Of("init", "caffenet", "--device", device, "--images", TestContext.CurrentContext.TestDirectory, "--out", "none.safetensors");
        run.MustFail(ExitCode.Device, "cuda");
        if (!CudaSystem.Libraries[0].IsFound)
            foreach (string name in CudaSystem.Libraries[0].Tried) Assert.That(run.Error, Does.Contain(name).And.Contain("--device cpu"));
    }

    [Test]
    public void Doctor_lists_every_library_of_cuda_and_why_there_is_no_device()
    {
        JsonElement cuda = ToolRun.Of("doctor", "--json").Json.GetProperty("cuda");
        Assert.That(cuda.GetProperty("libraries").EnumerateArray().Select(l => l.GetProperty("name").GetString()), Does.Contain("CUDA driver").And.Contain("cuDNN"));
        bool none = cuda.GetProperty("devices").GetArrayLength() == 0;
        Assert.That(cuda.GetProperty("problem").ValueKind, Is.EqualTo(none ? JsonValueKind.String : JsonValueKind.Null));
    }

    [Test]
    public void Doctor_says_where_each_library_was_found_and_which_version_it_is()
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        JsonElement cuda = JsonDocument.Parse(Run(emulator.LibraryFolder, folder, "doctor", "--json")).RootElement.GetProperty("cuda");
        Dictionary<string, string?> versions = cuda.GetProperty("libraries").EnumerateArray().Where(l => l.GetProperty("name").GetString() != "NVRTC")
            .ToDictionary(l => l.GetProperty("name").GetString()!, l => l.GetProperty("version").GetString());
        Assert.That(versions, Is.EqualTo(new Dictionary<string, string?> { ["CUDA driver"] = "for CUDA 13.0", ["cuBLAS"] = "13.0.1", ["cuBLASLt"] = "13.0.1", ["cuDNN"] = "9.6.0", ["cuSOLVER"] = "12.0.0" }));
        Assert.That(cuda.GetProperty("devices")[0].GetString(), Does.StartWith("cuda:0 host emulator"));
        Assert.That(Run(emulator.LibraryFolder, folder, "doctor"), Does.Contain($"cuDNN 9.6.0 {emulator.Path}"));
    }

    [TestCase("cpu", "cpu computes in float32 only: tf32 is for an NVIDIA GPU, --device cuda")]
    [TestCase("auto", "cpu computes in float32 only: tf32 is for an NVIDIA GPU, --device cuda")]
    [TestCase("reference", "reference computes in float64 only: tf32 is for an NVIDIA GPU, --device cuda")]
    public void A_precision_that_a_device_does_not_know_is_refused(string device, string reason) =>
        ToolRun.Of("summary", "caffenet", "--device", device, "--precision", "tf32").MustFail(ExitCode.Device, reason);

    [Test]
    public void A_precision_that_does_not_exist_is_refused_with_those_that_do() =>
        ToolRun.Of("summary", "caffenet", "--precision", "fp16").MustFail(ExitCode.Usage, "--precision: there is no fp16; there are fp32, tf32, bf16");

    [Test]
    public void Fp32_is_known_to_every_device() => Assert.That(ToolRun.Of("summary", "cifar10_quick", "--device", "cpu", "--precision", "fp32").ExitCode, Is.Zero);

    [Test]
    public void Bench_tells_the_device_and_what_its_steps_take()
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        JsonElement bench = JsonDocument.Parse(Run(
            Path.GetDirectoryName(emulator.Path)!, folder, "bench", "net", "lenet", "--device", "cuda:0", "--batch", "1", "--repetitions", "1", "--seconds", "0.1", "--json")).RootElement;
        Assert.That(bench.GetProperty("device").GetString(), Does.Contain("host emulator"));
        foreach (string pass in (string[])["forward", "trainStep"]) Assert.That(bench.GetProperty(pass).GetProperty("milliseconds").GetDouble(), Is.Positive, pass);
        Assert.That(bench.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("kernel").GetString()), Has.Some.Contains("cuda."));
    }

    // The weights of a Gaussian initialization, calibrated and rescaled on the device, beside those of the cpu.
    [Test]
    public void Initialization_on_the_emulated_device_is_that_of_the_cpu([Values("own kernels", "fp32", "tf32")] string way)
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 2), libraries = way == "own kernels" ? Path.GetDirectoryName(emulator.Path)! : emulator.LibraryFolder;
        string[] options = ["init", "cifar10_quick", "--images", images, "--method", "gaussian", "--count", "2", "--no-report"];
        _ = Run(libraries, folder, [.. options, "--device", "cpu", "--out", folder["cpu.safetensors"]]);
        _ = Run(libraries, folder, [.. options, "--device", "cuda:0", "--out", folder["cuda.safetensors"], .. way == "own kernels" ? (string[])[] : ["--precision", way]]);
        using var backend = EvenNet.Kernels.Backends.Open("cpu");
        Framework.Graph graph = Models.Nets.Find("cifar10_quick").Graph(classes: 10);
        using Framework.ParameterSet expected = new(graph, backend), actual = new(graph, backend);
        Framework.Checkpoint.Load(expected, folder["cpu.safetensors"]);
        Framework.Checkpoint.Load(actual, folder["cuda.safetensors"]);
        foreach ((Framework.Parameter e, Framework.Parameter a) in expected.All.Zip(actual.All))
            Assert.That(Sample.RelativeError(e.ReadExact(), a.ReadExact()), Is.LessThan(way == "tf32" ? 0.1 : 1e-3), e.Name);
        Assert.That(Directory.Exists(folder["data"]) && Directory.GetFiles(folder["data"], "engines.json", SearchOption.AllDirectories).Length == 1, Is.EqualTo(way != "own kernels"), "what was measured is kept");
    }

    [Test]
    public void A_library_that_cannot_be_used_is_a_warning_of_the_tool()
    {
        List<string> told = [];
        Emulator emulator = Emulator.Require();
        emulator.Fail("cudnnCreate", 1001);
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null, Warn = told.Add });
        Assert.That(told, Is.EqualTo((string[])[$"cuDNN ({emulator.Path}) is not used: cudnnCreate failed: CUDNN_STATUS_NOT_INITIALIZED (1001)"]));
        Assert.That(cuda.Warnings, Is.EqualTo(told));
    }

    // The tool in a process of its own, which looks for libraries in a folder first and keeps its own data in another.
    private static string Run(string libraries, TemporaryFolder folder, params string[] arguments)
    {
        Directory.CreateDirectory(folder["data"]);
        using Process tool = Process.Start(new ProcessStartInfo("dotnet", [typeof(EvenNetTool).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                [CudaLibraries.FoldersVariable] = libraries,
                ["EVENNET_CUDA_ENGINES"] = libraries.EndsWith("libraries", StringComparison.Ordinal) ? "" : CudaCandidate.Own,
                ["XDG_DATA_HOME"] = folder["data"],
            },
        })!;
        Task<string> output = tool.StandardOutput.ReadToEndAsync();
        string error = tool.StandardError.ReadToEnd();
        tool.WaitForExit();
        Assert.That(tool.ExitCode, Is.Zero, error + output.Result);
        return output.Result;
    }
}
