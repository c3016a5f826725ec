using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;
using EvenNet.Models;
using EvenNet.Tests.House;
using Google.Protobuf;

namespace EvenNet.Tests.Interop;

/// <summary>Protocol Buffers' own compiler as a judge of what is read and written; it lies with the package that compiles the schema.</summary>
public sealed class ProtocTests
{
    private static string Protoc()
    {
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string tools = Path.Combine(packages, "grpc.tools");
        string name = OperatingSystem.IsWindows() ? "protoc.exe" : "protoc", system = OperatingSystem.IsWindows() ? "windows_x64" : OperatingSystem.IsMacOS() ? "macosx_x64" : "linux_x64";
        string? found = Directory.Exists(tools) ? Directory.EnumerateFiles(tools, name, SearchOption.AllDirectories).FirstOrDefault(f => f.Contains(system, StringComparison.Ordinal)) : null;
        if (found is null) Assert.Ignore($"no protoc in {tools}");
        return found!;
    }

    // Runs «protoc --decode» or «--encode» with our schema.
    private static byte[] Run(string how, byte[] input)
    {
        var start = new ProcessStartInfo(Protoc(), [$"--{how}=evennet.caffe.NetParameter", $"--proto_path={Repository.Path("tools/Interop/Caffe")}", "caffe.proto"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task write = Task.Run(() =>
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        });
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        write.Wait();
        Assert.That(process.ExitCode, Is.Zero, errors.Result);
        return output.ToArray();
    }

    [TestCase("lenet/lenet.prototxt", "lenet/lenet_iter_10000.caffemodel")]
    [TestCase("mtcnn/det1.prototxt", "mtcnn/det1.caffemodel")]
    public void A_model_that_was_written_again_decodes_to_the_original(string text, string binary)
    {
        string original = SharedData.Require("data", "caffemodels", binary);
        CaffeFile file = CaffeFile.ReadBinary(original);
        using var folder = new TemporaryFolder();
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(CaffeFile.ReadText(SharedData.Require("data", "caffemodels", text)).Graph().Graph, cpu);
        file.Load(parameters, strict: true);
        new CaffeExport(parameters, "again", file).WriteBinary(folder["again.caffemodel"]);
        Assert.That(Run("decode", File.ReadAllBytes(folder["again.caffemodel"])), Is.EqualTo(Run("decode", File.ReadAllBytes(original))));
    }

    [Test]
    public void A_description_that_we_write_encodes_to_the_same_message([Values("googlenet-aux", "plain20", "fitnet4-prelu")] string net)
    {
        using Backend cpu = Backends.Open("cpu");
        var text = TextFormatWriter.Write(CaffeDescription.Of(Nets.Find(net).TrainingGraph(), net));
        CaffeFile read = CaffeFile.ParseText(text, "net.prototxt");
        Assert.That(Run("encode", System.Text.Encoding.UTF8.GetBytes(text)), Is.EqualTo(read.Net.ToByteArray()));
    }

    // Real nets, with comments, tabs and what people write.
    [TestCase("squeezenet_v1.0/deploy.prototxt")]
    [TestCase("mtcnn/det2.prototxt")]
    [TestCase("cifar10_full/cifar10_full.prototxt")]
    public void A_real_description_is_read_as_protoc_reads_it(string file)
    {
        string path = SharedData.Require("data", "caffemodels", file);
        Assert.That(CaffeFile.ReadText(path).Net.ToByteArray(), Is.EqualTo(Run("encode", File.ReadAllBytes(path))));
    }
}
