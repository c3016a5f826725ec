using System.Diagnostics;
using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Kernels.Cuda;
using EvenNet.Tests.Cli;

namespace EvenNet.Tests.Cuda;

/// <summary>The tool with --device cuda:N: without a GPU, and on the emulated one.</summary>
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

    // The weights of a Gaussian initialization, calibrated and rescaled on the device, beside those of the cpu.
    [Test]
    public void Initialization_on_the_emulated_device_is_that_of_the_cpu()
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 2);
        foreach (string device in (string[])["cpu", "cuda:0"])
        {
            using Process tool = Process.Start(new ProcessStartInfo("dotnet",
                [typeof(EvenNetTool).Assembly.Location, "init", "cifar10_quick", "--images", images, "--method", "gaussian", "--count", "2", "--device", device, "--no-report", "--out", folder[$"{device[..3]}.safetensors"]])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { [CudaLibraries.FoldersVariable] = Path.GetDirectoryName(emulator.Path) },
            })!;
            Task<string> output = tool.StandardOutput.ReadToEndAsync();
            string error = tool.StandardError.ReadToEnd();
            tool.WaitForExit();
            Assert.That(tool.ExitCode, Is.Zero, error + output.Result);
        }
        using var backend = EvenNet.Kernels.Backends.Open("cpu");
        Framework.Graph graph = Models.Nets.Find("cifar10_quick").Graph(classes: 10);
        using Framework.ParameterSet expected = new(graph, backend), actual = new(graph, backend);
        Framework.Checkpoint.Load(expected, folder["cpu.safetensors"]);
        Framework.Checkpoint.Load(actual, folder["cud.safetensors"]);
        foreach ((Framework.Parameter e, Framework.Parameter a) in expected.All.Zip(actual.All))
            Assert.That(Sample.RelativeError(e.ReadExact(), a.ReadExact()), Is.LessThan(1e-3), e.Name);
    }
}
