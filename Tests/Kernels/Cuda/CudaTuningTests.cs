using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Which way is taken: by the device's events, by what a file keeps of them, and what is done where a library fails.</summary>
public sealed class CudaTuningTests
{
    private static readonly LayerCase Both = new("a convolution and an inner product", 2, () => Node.Input("data", 4, 6, 6).Convolution("c", 6, 3, pad: 1).Relu().InnerProduct("f", 5));

    [Test]
    public void The_fastest_way_by_the_devices_events_is_taken_for_each_pass()
    {
        Emulator emulator = Emulator.Require();
        foreach ((string work, double milliseconds) in ((string, double)[])
            [("launch", 4), ("cudnn forward 6", 3), ("cudnn forward 1", 2), ("cudnn forward 0", 9), ("cudnn data 1", 50), ("cudnn weights 1", 7), ("cublas", 5), ("cublaslt 0", 6), ("cublaslt 1", 3.5)])
            emulator.SetCost(work, milliseconds);
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null });
        Check(cuda);
        Assert.That(Chosen(cuda, "convolution forward"), Is.EqualTo("own"), "2 and a launch after it take longer than one launch");
        Assert.That(Chosen(cuda, "convolution data"), Is.EqualTo("own"));
        Assert.That(Chosen(cuda, "convolution weights"), Is.EqualTo("cudnn 1.3"), "against two launches of 4; the one of 0 ms is not deterministic");
        Assert.That(Chosen(cuda, "inner product fp32"), Is.EqualTo("own"));
        Assert.That(Chosen(cuda, "inner product's weights"), Is.EqualTo("cublaslt 1"));
        Assert.That(cuda.Warnings, Is.Empty);
    }

    [Test]
    public void Costs_the_other_way_round_choose_the_other_way()
    {
        Emulator emulator = Emulator.Require();
        emulator.SetCost("launch", 0.1);
        foreach (string work in (string[])["cudnn forward 1", "cudnn data 1", "cublas"]) emulator.SetCost(work, 0.01);
        emulator.SetCost("cudnn weights 1", 0.3);
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null });
        Check(cuda);
        Assert.That(Chosen(cuda, "convolution forward"), Is.EqualTo("own"), "one launch against a call and a launch");
        Assert.That(Chosen(cuda, "convolution data"), Is.EqualTo("cudnn 1.3"));
        Assert.That(Chosen(cuda, "convolution weights"), Is.EqualTo("own"));
        Assert.That(Chosen(cuda, "inner product's data"), Is.EqualTo("cublas"));
    }

    [Test]
    public void Algorithms_that_vary_that_are_not_supported_or_take_too_much_memory_are_never_tried()
    {
        Emulator emulator = Emulator.Require();
        List<string> names = [];
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null });
        cuda.Engines.Tuner.Pick = candidates =>
        {
            names.AddRange(candidates.Select(c => c.Name));
            return candidates[0];
        };
        Check(cuda);
        // Forward with Winograd's, 1 and 0, the way back twice without 0; inner products with two of cuBLASLt's three; own each time.
        Assert.That(names, Is.EqualTo((string[])["cudnn 6.3", "cudnn 1.3", "cudnn 0.3", "own", "cudnn 1.3", "own", "cudnn 1.3", "own",
            "cublas", "cublaslt 0", "cublaslt 1", "own", "cublas", "cublaslt 0", "cublaslt 1", "own", "cublas", "cublaslt 0", "cublaslt 1", "own"]));
        names.Clear();
        using CudaBackend small = emulator.Open(new CudaOptions { CacheFile = null, WorkspaceBytes = 100 });
        small.Engines.Tuner.Pick = candidates =>
        {
            names.AddRange(candidates.Select(c => c.Name));
            return candidates[^1];
        };
        Check(small);
        Assert.That(names, Has.None.EqualTo("cudnn 1.3").And.Some.EqualTo("cudnn 0.3").And.Some.EqualTo("cublaslt 1"), "what fits 100 bytes");
    }

    [Test]
    public void What_was_measured_is_kept_in_a_file_and_not_measured_again()
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        var options = new CudaOptions { CacheFile = Path.Combine(folder["deep"], "engines.json") };
        Dictionary<string, string> first = Run(emulator, options, fastest: "cublaslt 0");
        int calls = emulator.Calls("cublasLtMatmul");
        Assert.That(Weights(first), Is.EqualTo("cublaslt 0"));
        Assert.That(Directory.GetFiles(folder["deep"]), Is.EqualTo((string[])[options.CacheFile!]), "no temporary file is left");
        Assert.That(File.ReadAllText(options.CacheFile!), Does.Contain("host emulator, 9.0, driver 13000, cuBLAS 13.0.1, cuDNN 9.6.0"));
        // By these costs another one would be chosen, were it measured.
        Assert.That(Run(emulator, options, fastest: "cublaslt 1"), Is.EqualTo(first));
        Assert.That(emulator.Calls("cublasLtMatmul"), Is.LessThan(calls / 4), "only the passes themselves");
        Assert.That(Weights(Run(emulator, options, fastest: "cublaslt 1", version: 130002)), Is.EqualTo("cublaslt 1"), "another version is another question");
        Assert.That(Run(emulator, options, fastest: "cublaslt 1"), Is.EqualTo(first), "and the first one's answers are still there");
    }

    [TestCase("")]
    [TestCase("{ \"half")]
    [TestCase("[1, 2]")]
    [TestCase("{ \"host emulator, 9.0, driver 13000, cuBLAS 13.0.1, cuDNN 9.6.0\": null }")]
    public void A_broken_file_counts_as_empty_and_is_written_anew(string text)
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        var options = new CudaOptions { CacheFile = folder["engines.json"] };
        File.WriteAllText(options.CacheFile!, text);
        Dictionary<string, string> first = Run(emulator, options, fastest: "cublaslt 0");
        Assert.That(Weights(first), Is.EqualTo("cublaslt 0"));
        Assert.That(Run(emulator, options, fastest: "cublaslt 1"), Is.EqualTo(first));
    }

    [Test]
    public void A_choice_that_is_no_longer_offered_is_measured_again()
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        var options = new CudaOptions { CacheFile = folder["engines.json"] };
        _ = Run(emulator, options, fastest: "cublaslt 0");
        File.WriteAllText(options.CacheFile!, File.ReadAllText(options.CacheFile!).Replace("cublaslt 0", "cublaslt 17", StringComparison.Ordinal));
        Assert.That(Weights(Run(emulator, options, fastest: "cublaslt 1")), Is.EqualTo("cublaslt 1"));
    }

    [Test]
    public void A_file_that_cannot_be_written_is_told_once_and_stops_nothing()
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = Path.Combine(folder["file"], "engines.json") });
        Check(cuda);
        Assert.That(cuda.Warnings, Has.Count.EqualTo(1).And.One.Contains("cannot be kept in").And.One.Contains("measured again in each run"));
    }

    // Each library is told to fail where it begins; the own kernels take its place, and the reason is told.
    [TestCase("cublasCreate_v2", 1, "cuBLAS (", "cublasCreate_v2 failed: CUBLAS_STATUS_NOT_INITIALIZED (1)")]
    [TestCase("cublasSetStream_v2", 13, "cuBLAS (", "CUBLAS_STATUS_EXECUTION_FAILED")]
    [TestCase("cublasSetWorkspace_v2", 15, "cuBLAS (", "CUBLAS_STATUS_NOT_SUPPORTED")]
    [TestCase("cublasLtCreate", 1, "cuBLASLt (", "cublasLtCreate failed: CUBLAS_STATUS_NOT_INITIALIZED (1)")]
    [TestCase("cudnnCreate", 1001, "cuDNN (", "cudnnCreate failed: CUDNN_STATUS_NOT_INITIALIZED (1001)")]
    [TestCase("cudnnSetStream", 5000, "cuDNN (", "CUDNN_STATUS_EXECUTION_FAILED")]
    [TestCase("cusolverDnCreate", 1, "cuSOLVER (", "cusolverDnCreate failed: NotInitialized (1)")]
    public void A_library_that_fails_to_begin_is_replaced_by_own_kernels_and_told_of(string function, int status, string library, string reason)
    {
        Emulator emulator = Emulator.Require();
        int objects = emulator.Objects;
        emulator.Fail(function, status);
        using (CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null }))
        {
            PreferLibraries(cuda);
            Check(cuda);
            Assert.That(cuda.Engines.Eigen is null, Is.EqualTo(function == "cusolverDnCreate"));
            Assert.That(cuda.Warnings, Is.Not.Empty.And.All.StartsWith(library).And.All.Contains("is not used").And.All.Contains(reason));
            Assert.That(Chosen(cuda, "convolution forward") == CudaCandidate.Own, Is.EqualTo(library.StartsWith("cuDNN", StringComparison.Ordinal)));
            if (library.StartsWith("cuBLAS (", StringComparison.Ordinal)) Assert.That(Chosen(cuda, "inner product fp32"), Is.EqualTo(CudaCandidate.Own));
        }
        Assert.That(emulator.Objects, Is.EqualTo(objects), "what was begun is ended");
    }

    // When it is asked what it can do, or does it: the pass goes another way, and the reason is told.
    [TestCase("cudnnGetConvolutionForwardAlgorithm_v7", 4000, "convolution forward")]
    [TestCase("cudnnConvolutionBackwardData", 5000, "convolution data")]
    [TestCase("cudnnConvolutionBackwardFilter", 3000, "convolution weights")]
    [TestCase("cudnnCreateFilterDescriptor", 2000, "convolution forward")]
    [TestCase("cublasLtMatmulAlgoGetHeuristic", 14, "inner product's weights")]
    [TestCase("cublasLtMatmul", 13, "inner product's weights")]
    [TestCase("cublasGemmEx", 13, "inner product's data")]
    public void An_algorithm_that_fails_when_it_is_tried_is_not_taken(string function, int status, string question)
    {
        Emulator emulator = Emulator.Require();
        int objects = emulator.Objects;
        emulator.SetCost("launch", 100);
        emulator.Fail(function, status);
        using (CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null }))
        {
            Check(cuda);
            Assert.That(cuda.Warnings, Has.Some.Contains($"is not used for {question}").And.Some.Contains(function));
            if (function.StartsWith("cudnn", StringComparison.Ordinal)) Assert.That(Chosen(cuda, question), Is.EqualTo(CudaCandidate.Own));
            else Assert.That(Chosen(cuda, question), Does.StartWith(function == "cublasGemmEx" ? "cublaslt" : "cublas"));
        }
        Assert.That(emulator.Objects, Is.EqualTo(objects));
    }

    [Test]
    public void An_algorithm_that_is_not_supported_in_any_detail_is_passed_over_in_silence()
    {
        Emulator emulator = Emulator.Require();
        emulator.Fail("cudnnGetConvolutionForwardAlgorithm_v7", 3012);
        emulator.Fail("cublasLtMatmulAlgoGetHeuristic", 15);
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null });
        Check(cuda);
        Assert.That(cuda.Warnings, Is.Empty);
        Assert.That(Chosen(cuda, "convolution forward"), Is.EqualTo(CudaCandidate.Own));
    }

    [TestCase("cudnn", 8907, "cuDNN", "it is version 8.9.7, and 9 is needed")]
    [TestCase("cudnn", 100000, "cuDNN", "it is version 10.0.0, and 9 is needed")]
    [TestCase("cublas", 110501, "cuBLAS", "it is version 11.5.1, and 12 or later is needed")]
    public void A_version_that_is_not_known_is_not_used(string of, int version, string library, string reason)
    {
        Emulator emulator = Emulator.Require();
        emulator.SetVersion(of, version);
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null });
        PreferLibraries(cuda);
        Check(cuda);
        Assert.That(cuda.Warnings, Is.Not.Empty.And.All.StartsWith(library).And.All.Contains(reason));
    }

    [Test]
    public void Libraries_that_are_not_there_are_not_missed()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null }, Missing);
        Check(cuda);
        Assert.That(cuda.Warnings, Is.Empty);
        Assert.That(cuda.Engines.Tuner.Choices.Values, Is.All.EqualTo(CudaCandidate.Own));
        Assert.That(cuda.Description, Is.EqualTo("cuda:0 host emulator"));
    }

    [Test]
    public void A_precision_that_no_library_gives_is_told([Values(Precision.Tf32, Precision.Bf16)] Precision precision)
    {
        using CudaBackend cuda = Emulator.Require().Open(new CudaOptions { CacheFile = null, Precision = precision }, Missing);
        Assert.That(cuda.Warnings, Has.Count.EqualTo(1).And.One.Contains("everything is computed in float32").And.One.StartsWith($"{precision}".ToLowerInvariant()));
    }

    // Libraries of CUDA 13 do not run on a driver of CUDA 12.
    [Test]
    public void A_driver_of_cuda_12_is_given_libraries_of_cuda_12()
    {
        Emulator emulator = Emulator.Require();
        List<string> asked = [];
        NativeLibraries.Library Load(CudaLibrary wanted)
        {
            asked.AddRange(wanted.Linux);
            return emulator.Load(wanted);
        }
        void Open()
        {
            asked.Clear();
            using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null }, Load);
            Assert.That(cuda.Engines.Eigen, Is.Not.Null);
        }
        Open();
        Assert.That(asked, Is.EqualTo((string[])["libcublasLt.so.13", "libcublas.so.13", "libcudnn.so.9", "libcusolver.so.12"]));
        emulator.SetVersion("driver", 12040);
        Open();
        Assert.That(asked, Is.EqualTo((string[])["libcublasLt.so.12", "libcublas.so.12", "libcudnn.so.9", "libcusolver.so.11"]));
    }

    [Test]
    public void Where_cuda_13s_library_is_not_there_cuda_12s_is_taken()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null }, wanted => wanted.Linux[0].EndsWith(".13", StringComparison.Ordinal) ? Missing(wanted) : emulator.Load(wanted));
        Assert.That(cuda.Engines.Products, Is.Not.Null);
        Assert.That(cuda.Description, Is.EqualTo("cuda:0 host emulator, cuBLAS 13.0.1, cuDNN 9.6.0, fp32"));
    }

    [Test]
    public void A_closed_net_and_backend_leave_nothing_of_the_libraries()
    {
        Emulator emulator = Emulator.Require();
        (int objects, long bytes) = (emulator.Objects, emulator.UsedBytes);
        foreach (Precision precision in Enum.GetValues<Precision>())
        {
            using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null, Precision = precision });
            PreferLibraries(cuda);
            _ = LayerRun.Of(Both, cuda);
        }
        Assert.That(emulator.Objects, Is.EqualTo(objects));
        Assert.That(emulator.UsedBytes, Is.EqualTo(bytes));
    }

    [Test]
    public void A_pass_by_the_libraries_allocates_nothing_on_the_host([Values] Precision precision)
    {
        using CudaBackend cuda = Emulator.Require().Open(new CudaOptions { CacheFile = null, Precision = precision });
        PreferLibraries(cuda);
        foreach ((Layer layer, Shape shape) in ((Layer, Shape)[])[(new Convolution(6, 3) { Pad = 1 }, new Shape(4, 6, 6)), (new InnerProduct(5), new Shape(4, 6, 6))])
        {
            var random = new Random(3);
            var run = new Kernels.KernelRun(cuda, 2);
            run.Run(layer, [shape], [Sample.Normal(random, 2 * shape.Count)], Sample.Normal(random, 2 * layer.Infer([shape]).Count), LayoutKind.Plain, accumulate: true, random);
            Assert.That(run.AllocatedBytes, Is.Zero);
            Assert.That(run.KernelName, Does.Match("^cuda.cu(dnn|blas)-"));
        }
    }

    [Test]
    public void Too_little_memory_to_measure_in_leaves_it_to_the_plan_to_say_so()
    {
        Emulator emulator = Emulator.Require();
        emulator.Reset(memoryBytes: 40 << 20);
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null });
        KernelOffer offer = cuda.Offer(new KernelRequest(new Convolution(64, 3) { Pad = 1 }, 64, [new Shape(64, 56, 56)], new Shape(64, 56, 56), [LayoutKind.Plain], Relu: false, InputGradient: false) { Backward = false });
        Assert.That(offer.Name, Is.EqualTo("cuda.convolution"));
    }

    [Test]
    public void An_eigensolver_that_does_not_converge_says_so()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open(new CudaOptions { CacheFile = null });
        emulator.SetVersion("cusolver fails", 3);
        Assert.That(() => cuda.Engines.Eigen!.Solve(new float[25], 5), Throws.TypeOf<CudaException>().With.Message.EqualTo("cusolverDnSsyevd of a 5×5 matrix failed: 3 entries off the diagonal did not converge"));
    }

    // One pass with a library's call that takes far less than every other work; the own kernels take the most.
    private static Dictionary<string, string> Run(Emulator emulator, CudaOptions options, string fastest, int version = 130001)
    {
        emulator.Reset();
        emulator.SetVersion("cublas", version);
        emulator.SetCost("launch", 20);
        emulator.SetCost(fastest, 0.01);
        using CudaBackend cuda = emulator.Open(options);
        Check(cuda);
        return new(cuda.Engines.Tuner.Choices);
    }

    private static string Weights(Dictionary<string, string> choices) => choices.Single(c => c.Key.StartsWith("inner product's weights", StringComparison.Ordinal)).Value;

    private static void Check(CudaBackend cuda)
    {
        using Backend reference = Backends.Open("reference");
        LayerRun expected = LayerRun.Of(Both, reference), actual = LayerRun.Of(Both, cuda);
        foreach ((string name, double[] values) in expected.Results) Assert.That(Sample.RelativeError(values, actual.Results[name]), Is.LessThan(1e-5), name);
    }

    private static void PreferLibraries(CudaBackend cuda) => cuda.Engines.Tuner.Pick = candidates => candidates.FirstOrDefault(c => c.Name is "cudnn 1.3" or "cudnn 1.1" or "cudnn 1.0") ?? candidates[0];

    private static string Chosen(CudaBackend cuda, string question) => cuda.Engines.Tuner.Choices.Single(c => c.Key.StartsWith(question, StringComparison.Ordinal)).Value;

    private static NativeLibraries.Library Missing(CudaLibrary wanted) => new(0, new NativeLibraryStatus(wanted.Name, IsFound: false, Path: null, Version: null, wanted.Linux));
}
