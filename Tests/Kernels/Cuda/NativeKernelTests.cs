using System.Text.RegularExpressions;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;
using EvenNet.Tests.House;
using EvenNet.Tests.Kernels;

namespace EvenNet.Tests.Cuda;

/// <summary>NativeKernels.cu and what was compiled from it.</summary>
public sealed partial class NativeKernelTests
{
    private static string Source => Repository.Read("NativeKernels.cu");

    [Test]
    public void The_ptx_that_is_carried_was_made_from_this_source() =>
        Assert.That(CudaModule.Ptx.Split('\n')[0], Does.Contain(KernelCompiler.Hash(Source)), "run ./build.sh Kernels after a change of NativeKernels.cu");

    [Test]
    public void The_source_includes_nothing() => Assert.That(Source, Does.Not.Contain("#include"));

    [Test]
    public void Every_kernel_is_ended_by_its_name_and_is_in_the_ptx()
    {
        string[] kernels = [.. Begin().Matches(Source).Select(m => m.Groups[1].Value)], ends = [.. End().Matches(Source).Select(m => m.Groups[1].Value)];
        Assert.That(kernels, Is.Not.Empty.And.Unique);
        Assert.That(ends, Is.EqualTo(kernels));
        Assert.That(Entries(CudaModule.Ptx).Keys, Is.EquivalentTo(kernels));
    }

    [Test]
    public void The_ptx_takes_the_parameters_that_the_host_compiler_sees()
    {
        Emulator emulator = Emulator.Require();
        foreach ((string kernel, List<int> sizes) in Entries(CudaModule.Ptx)) Assert.That(emulator.Parameters(kernel), Is.EqualTo(sizes), kernel);
    }

    // Layers of every kind, the initializers' operations and the solvers launch all kernels between them; each launch is held to the PTX.
    [Test]
    public void Every_launch_gives_what_the_ptx_takes_and_every_kernel_is_launched()
    {
        Dictionary<string, List<int>> entries = Entries(CudaModule.Ptx);
        HashSet<string> launched = [];
        using CudaBackend cuda = Emulator.Open();
        void Hold(string kernel, IReadOnlyList<int> sizes)
        {
            if (launched.Add(kernel)) Assert.That(sizes, Is.EqualTo(entries[kernel]), kernel);
        }
        cuda.Device.Launching = Hold;
        foreach (IGrouping<Type, CpuLayerTests.Case> kind in CpuLayerTests.Cases.GroupBy(c => c.Layer.GetType()))
            foreach (CpuLayerTests.Case c in kind.Where(c => c.Inputs[0].Plane < 200).DistinctBy(c => c.Layer is Pooling p ? p.Kind : c.Layer is Eltwise e ? (object)e.Kind : 0))
            {
                (double[][] inputs, double[] gradient) = c.Data(batch: 2);
                new KernelRun(cuda, 2).Run(c.Layer, c.Inputs, inputs, gradient, LayoutKind.Plain, accumulate: false, new Random(9), c.Multiplicities);
            }
        _ = LayerRun.Of(Every.LayerCase.First(), cuda);
        _ = LayerRun.Of(Every.LayerCase.First(c => $"{c}" == "inner product on a plane"), cuda);
        _ = LayerRun.Of(Every.LayerCase.First(c => $"{c}" == "deconvolution in 2 groups between convolutions"), cuda);
        Graph graph = Graph.Of(Node.Input("data", 3, 4, 4).BatchNorm("bn").Dropout().Convolution("c", 2, 3));
        using var parameters = new ParameterSet(graph, cuda);
        using (var net = new Net(parameters, 2, new NetOptions { InputGradients = true }))
        {
            net.Forward(Phase.Test);
            _ = cuda.Moments(net[graph["data"]]);
            cuda.ScaleChannels(net[graph["data"]], new double[3], new double[3]);
            net.Backward(graph["c"], new float[16]);
            var patches = new PatchGroup(net[graph["data"]], graph["c"], 0);
            cuda.InitializerKernels.AddMoments(patches, null, new double[27], new double[27], new double[27 * 27]);
            cuda.InitializerKernels.Choose(patches, new PatchBasis(new float[27], new float[27]), [0], new float[1]);
            _ = cuda.InitializerKernels.MeanMagnitude(net[graph["data"]]);
            _ = cuda.AddWeightGradients((Convolution)graph["c"].Layer, net[graph["data"]], net[graph["c"]], 0, 1, squares: true, new float[54]);
        }
        foreach (Precision precision in (Precision[])[Precision.Fp32, Precision.Bf16])
        {
            using CudaBackend libraries = Emulator.Require().Open(new CudaOptions { Precision = precision, CacheFile = null });
            libraries.Engines.Tuner.Pick = candidates => candidates[0];
            libraries.Device.Launching = Hold;
            _ = LayerRun.Of(Every.LayerCase.First(), libraries);
        }
        Solver[] solvers = [new SgdSolver(parameters) { Rate = Schedule.Fixed(1) }, new AdamSolver(parameters) { Rate = Schedule.Fixed(1) }, new RmsPropSolver(parameters) { Rate = Schedule.Fixed(1) }];
        foreach (Solver solver in solvers)
        {
            solver.Step();
            solver.Dispose();
        }
        Region w = parameters["c.weight"].Values;
        SgdUpdate update = new(w, parameters["c.weight"].Gradients, w, 1, 0, 0, 0);
        cuda.Sgd(update);
        using (FusedUpdate<SgdUpdate> fused = cuda.Fuse([update], [], [w]))
        {
            fused.Set([update with { Rate = 1 }]);
            fused.Check();
        }
        foreach (int transposed in (int[])[0, 1, 2, 3]) cuda.Gemm(transposed % 2 == 1, transposed > 1, 1, 1, 1, [1f], [1f], new float[1]);
        _ = cuda.SquaredNorm(parameters["c.weight"].Values);
        using (IHeldRows held = cuda.InitializerKernels.Hold([1f, 2f], 1))
        {
            held.Multiply([0], new float[2]);
            held.Nearest([1f], [1f], new int[2], new float[2]);
            held.Sum([0], [0, 1], new double[1]);
        }
        _ = new CudaLimits(cuda.Device, bytes: 4096).Measure(TimeSpan.Zero, turns: 2);
        Assert.That(entries.Keys.Except(launched), Is.EqualTo((string[])["philox_words"]), "which a test of its own launches");
    }

    // The compiler tells of spills to local memory for each kernel; any would cost more than the arithmetic.
    [Test]
    public void No_kernel_spills_registers_on_any_gpu([ValueSource(typeof(KernelCompiler), nameof(KernelCompiler.Checked))] string architecture)
    {
        if (Nvrtc.Find() is not { } compiler)
        {
            Assert.Ignore("no NVRTC: kernels cannot be compiled for a GPU here");
            return;
        }
        string log = KernelCompiler.Resources(Source, compiler, architecture);
        string[] lines = [.. log.Split('\n').Where(line => line.Contains("spill", StringComparison.Ordinal))];
        Assert.That(lines, Has.Length.GreaterThanOrEqualTo(Entries(CudaModule.Ptx).Count));
        Assert.That(lines, Is.All.Contains(" 0 bytes spill stores, 0 bytes spill loads"));
    }

    // Bytes of each entry's parameters.
    private static Dictionary<string, List<int>> Entries(string ptx) => EntryOf().Matches(ptx).ToDictionary(
        m => m.Groups[1].Value, m => Parameter().Matches(m.Groups[2].Value).Select(p => p.Groups[2].Success ? int.Parse(p.Groups[2].Value) : int.Parse(p.Groups[1].Value) / 8).ToList());

    [GeneratedRegex(@"^KERNEL\((\w+)\)\(", RegexOptions.Multiline)]
    private static partial Regex Begin();

    [GeneratedRegex(@"^KERNEL_END\((\w+)\)\r?$", RegexOptions.Multiline)]
    private static partial Regex End();

    [GeneratedRegex(@"\.entry (\w+)\(([^)]*)\)")]
    private static partial Regex EntryOf();

    [GeneratedRegex(@"\.param (?:\.align \d+ )?\.[a-z](\d+) \w+(?:\[(\d+)\])?")]
    private static partial Regex Parameter();
}
