using EvenNet.Framework;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>What training steps ask of the driver, and what becomes of them when it fails: on the played driver, which counts and can be told to fail.</summary>
public sealed class CudaEmulatedStepTests
{
    // What allocates, waits or copies to the host.
    private static readonly string[] Forbidden =
    [
        "cuMemAlloc_v2", "cuMemFree_v2", "cuMemHostAlloc", "cuMemFreeHost", "cuStreamSynchronize", "cuEventSynchronize", "cuMemcpyDtoHAsync_v2", "cuStreamCreate", "cuEventCreate",
        "cuGraphInstantiateWithFlags", "cuModuleGetFunction", "cuMemGetInfo_v2",
    ];

    [Test]
    public void A_step_is_one_launch_and_neither_allocates_nor_waits_nor_reads([Values("sgd", "adam")] string solver)
    {
        Emulator emulator = Emulator.Require();
        using var training = new TinyTraining(solver, on: emulator.Open());
        training.Train(3);
        RecordedStep step = RecordedStep.Of(training.Net, training.Solver);
        for (int i = 0; i < 3; i++) Run();
        Dictionary<string, long> before = Count(Forbidden);
        (long graphs, long launches, long copies) = (emulator.DriverCalls("cuGraphLaunch"), emulator.DriverCalls("cuLaunchKernel"), emulator.DriverCalls("cuMemcpyHtoDAsync_v2"));
        for (int i = 0; i < 20; i++) Run();
        Assert.That(Count(Forbidden), Is.EqualTo(before));
        Assert.That(step.WasReplayed);
        Assert.That(emulator.DriverCalls("cuGraphLaunch") - graphs, Is.EqualTo(20));
        // The rates of the step before the graph, and nothing else.
        Assert.That(emulator.DriverCalls("cuLaunchKernel") - launches, Is.EqualTo(20));
        Assert.That(emulator.DriverCalls("cuMemcpyHtoDAsync_v2"), Is.EqualTo(copies));
        double[] losses = new double[20];
        step.ReadLosses(step.Runs - 20, losses);
        Assert.That(losses, Is.Unique.And.All.GreaterThan(0));

        void Run()
        {
            training.Net.BeginPass(training.Solver.Iteration);
            step.Run();
        }
        Dictionary<string, long> Count(string[] functions) => functions.ToDictionary(f => f, emulator.DriverCalls);
    }

    [Test]
    public void Training_waits_for_the_device_only_where_losses_are_read()
    {
        Emulator emulator = Emulator.Require();
        using var training = new TinyTraining(on: emulator.Open());
        using IEnumerator<TrainingStep> steps = training.Trainer.Steps(60).GetEnumerator();
        for (int i = 0; i < 5; i++) steps.MoveNext();
        (long waits, long reads, long memory) = (emulator.DriverCalls("cuStreamSynchronize"), emulator.DriverCalls("cuMemcpyDtoHAsync_v2"), emulator.UsedBytes);
        for (int i = 0; i < 50; i++) steps.MoveNext();
        Assert.That(emulator.DriverCalls("cuStreamSynchronize"), Is.EqualTo(waits));
        Assert.That(emulator.DriverCalls("cuMemcpyDtoHAsync_v2"), Is.EqualTo(reads));
        Assert.That(emulator.UsedBytes, Is.EqualTo(memory));
        Assert.That(double.IsFinite(steps.Current.Loss));
        Assert.That(emulator.DriverCalls("cuStreamSynchronize"), Is.GreaterThan(waits));
    }

    // Marks in the stream tell the times: waits between the kernels would be times of their own.
    [Test]
    public void A_timed_pass_waits_for_nothing_between_its_steps()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open();
        Graph graph = Graph.Of(Node.Input("data", 3, 8, 8).Convolution("a", 16, 3, pad: 1).Relu().InnerProduct("b", 3).SoftmaxLoss(Node.Input("label", 1)));
        using var parameters = new ParameterSet(graph, cuda);
        using var net = new Net(parameters, batch: 2, new() { Times = true });
        using var solver = new SgdSolver(parameters) { Rate = 0.01f };
        net.Load(graph["data"], new float[2 * 192]);
        net.Load(graph["label"], [0f, 2]);
        Step();
        (long waits, long marks) = (emulator.DriverCalls("cuStreamSynchronize"), emulator.DriverCalls("cuEventRecord"));
        Step();
        Assert.That(emulator.DriverCalls("cuStreamSynchronize"), Is.EqualTo(waits));
        // Forward and backward of each kernel, and one update.
        Assert.That(emulator.DriverCalls("cuEventRecord") - marks, Is.EqualTo(2 * (2 * net.Report.Lines.Count + 1)));
        IReadOnlyList<StepTime> times = net.Times;
        Assert.That(times.Select(t => t.Forward.Seconds), Has.All.Positive);
        Assert.That(times.Where(t => t.Node != "data").Select(t => t.Backward.Seconds), Has.All.Positive);
        Assert.That(times.Sum(t => t.Update.Seconds), Is.Positive);

        void Step()
        {
            net.Forward();
            solver.Step(net);
        }
    }

    [Test]
    public void A_thousand_recorded_steps_take_no_more_memory_than_four()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open();
        Node label = Node.Input("label", 1);
        Graph graph = Graph.Of(Node.Input("data", 4).InnerProduct("a", 5).Relu().Dropout().InnerProduct("b", 3).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, cuda);
        using var net = new Net(parameters, batch: 2);
        using var solver = new AdamSolver(parameters) { Rate = Schedule.Fixed(0.01f) };
        RecordedStep step = RecordedStep.Of(net, solver);
        long device = 0, host = 0;
        for (int i = 0; i < 1000; i++)
        {
            net.Load(graph["data"], [1f, 2, 3, 4, 5, 6, 7, 8]);
            net.Load(label, [0f, 2]);
            step.Run();
            if (i % 100 == 99) cuda.Wait();
            if (i == 3) (device, host) = (emulator.UsedBytes, emulator.DriverCalls("cuMemHostAlloc"));
        }
        Assert.That(solver.Iteration, Is.EqualTo(1000));
        Assert.That((emulator.UsedBytes, emulator.DriverCalls("cuMemHostAlloc")), Is.EqualTo((device, host)));
    }

    [Test]
    public void What_cannot_be_recorded_says_why_and_trains_the_same()
    {
        Emulator emulator = Emulator.Require();
        using var recorded = new TinyTraining(on: emulator.Open());
        double[] expected = recorded.Train(6);
        // As a layer that asks the device for something while it is recorded.
        using var looped = new TinyTraining(on: emulator.Open());
        emulator.FailDriver("cuStreamEndCapture", CudaResult.CaptureInvalidated);
        Assert.That(looped.Train(6), Is.EqualTo(expected));
        Assert.That(looped.Trainer.RecordingObstacle, Does.Contain("cuStreamEndCapture failed").And.Contain("901"));
        Assert.That(looped.Bits(), Is.EqualTo(recorded.Bits()));
    }

    [Test]
    public void Steps_that_need_the_host_are_looped_and_say_why()
    {
        using CudaBackend cuda = Emulator.Open();
        Node label = Node.Input("label", 1);
        Graph graph = Graph.Of(Node.Input("data", 4).InnerProduct("a", 3).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, cuda);
        string? Why(NetOptions options, Solver solver)
        {
            using var net = new Net(parameters, 2, options);
            RecordedStep step = RecordedStep.Of(net, solver);
            Assert.That(step.IsDeferred, Is.EqualTo(step.Obstacle is null));
            if (!step.IsDeferred) Assert.That(() => step.Run(), Throws.InvalidOperationException.With.Message.Contains(step.Obstacle!));
            solver.Dispose();
            return step.Obstacle;
        }
        SgdSolver Plain() => new(parameters) { Rate = 1 };
        Assert.That(Why(new(), Plain()), Is.Null);
        Assert.That(Why(new() { Times = true }, Plain()), Does.Contain("timed"));
        Assert.That(Why(new() { Watcher = new ErrorModulation(cuda) }, Plain()), Does.Contain("watcher"));
        Assert.That(Why(new() { Backward = false }, Plain()), Does.Contain("no backward pass"));
        Assert.That(Why(new(), new SgdSolver(parameters) { Rate = 1, ClipNorm = 1 }), Does.Contain("clipping"));
        Assert.That(Why(new(), new SgdSolver(parameters) { Rate = 1, Regularizer = new OrthonormalRegularizer() }), Does.Contain("regularizer"));
        using var cpu = new TinyTraining();
        Assert.That(cpu.Trainer.RecordingObstacle, Does.Contain("cpu"));
    }

    [Test]
    public void A_label_that_names_no_class_stops_the_updates_and_is_told_when_the_losses_are_read()
    {
        using CudaBackend cuda = Emulator.Open();
        Node label = Node.Input("label", 1);
        Graph graph = Graph.Of(Node.Input("data", 4).InnerProduct("a", 3).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, cuda);
        using var net = new Net(parameters, 2);
        using var solver = new SgdSolver(parameters) { Rate = 1 };
        RecordedStep step = RecordedStep.Of(net, solver);
        net.Load(graph["data"], [1f, 2, 3, 4, 5, 6, 7, 8]);
        foreach (float second in (float[])[1, 2, 3])
        {
            net.Load(label, [0f, second]);
            if (second == 3) Assert.That(parameters["a.weight"].Read(), Has.Some.Not.Zero);
            step.Run();
        }
        Assert.That(() => step.ReadLosses(2, new double[1]), Throws.InstanceOf<LayerException>().With.Message.Contains("the label 3"));
        float[] weights = parameters["a.weight"].Read();
        Assert.That(weights, Is.All.Matches<float>(float.IsFinite));
        net.Load(label, [0f, 1]);
        step.Run();
        Assert.That(parameters["a.weight"].Read(), Is.EqualTo(weights), "until someone has looked into it");
        step.Resume();
        step.Run();
        Assert.That(parameters["a.weight"].Read(), Is.Not.EqualTo(weights));
    }

    [TestCase("a kernel's fault", 700, "illegal memory access")]
    [TestCase("a lost device", 46, "the device is lost")]
    [TestCase("an unknown failure", 999, "the device is lost")]
    public void A_device_that_fails_ends_the_run_and_leaves_the_checkpoint(string name, int code, string says)
    {
        Emulator emulator = Emulator.Require();
        using var folder = new TemporaryFolder();
        string checkpoint = folder["state"];
        byte[] written;
        CudaException error;
        using (var training = new TinyTraining(on: emulator.Open()))
        {
            training.Train(5);
            TrainingState.Save(checkpoint, training.Trainer);
            written = File.ReadAllBytes(checkpoint);
            if (code == 700) emulator.Reset(failingLaunch: 60);
            else emulator.FailDriver("cuGraphLaunch", (CudaResult)code, call: 4);
            error = Assert.Throws<CudaException>(() => training.Train(50), name)!;
            Assert.That(error.Message, Does.Contain($"({code})").And.Contain(says).And.Contain("from its last checkpoint"));
            Assert.That(() => TrainingState.Save(checkpoint, training.Trainer), Throws.InstanceOf<CudaException>(), "nothing can be read from it any more");
        }
        Assert.That(File.ReadAllBytes(checkpoint), Is.EqualTo(written));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
        emulator.Reset();
        using TinyTraining resumed = new(on: emulator.Open()), whole = new(on: emulator.Open());
        TrainingState.Load(checkpoint, resumed.Trainer);
        resumed.Train(12);
        whole.Train(12);
        Assert.That(resumed.Bits(), Is.EqualTo(whole.Bits()), "the process lives, and another device goes on from the checkpoint");
    }

    [Test]
    public void A_full_memory_ends_a_plan_and_not_the_device()
    {
        Emulator emulator = Emulator.Require();
        using var training = new TinyTraining(on: emulator.Open());
        training.Train(4);
        emulator.FailDriver("cuMemAlloc_v2", CudaResult.OutOfMemory);
        Assert.That(() => new Net(training.Parameters, 4), Throws.InstanceOf<OutOfMemoryException>().With.Message.Contains("no memory on cuda:0").And.Message.Contains("4 samples need"));
        using var undisturbed = new TinyTraining(on: emulator.Open());
        training.Train(8);
        undisturbed.Train(8);
        Assert.That(training.Bits(), Is.EqualTo(undisturbed.Bits()));
    }

    // What fits is what the plan of the next batch says, and it does fit.
    [Test]
    public void A_plan_that_does_not_fit_names_the_need_the_free_memory_the_largest_layers_and_the_batch_that_does()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open();
        Node label = Node.Input("label", 1);
        Graph graph = Graph.Of(Node.Input("data", 3, 32, 32).Convolution("wide", 64, 3, pad: 1).Relu().MaxPool("pool", 2, stride: 2).Convolution("narrow", 8, 3).InnerProduct("f", 10).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, cuda);
        long bytes = emulator.UsedBytes;
        emulator.Reset(memoryBytes: 32 << 20);
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => new Net(parameters, 1000))!;
        TestContext.Out.WriteLine(error.Message);
        System.Text.RegularExpressions.Match said = System.Text.RegularExpressions.Regex.Match(error.Message,
            @"^cuda:0 host emulator is too full for the plan: 1000 samples need ([\d,]+) MB and (\d+) MB are free; the largest values are wide(?:/relu)? \(250 MB\), pool \(63 MB\), .*; (\d+) samples fit$");
        Assert.That(said.Success);
        Assert.That(emulator.UsedBytes, Is.EqualTo(bytes), "nothing was taken for it");
        int fits = int.Parse(said.Groups[3].Value);
        Assert.That(fits, Is.InRange(10, 200));
        Assert.That(() => new Net(parameters, fits + 1), Throws.InstanceOf<InsufficientMemoryException>().With.Message.EndsWith($"; {fits} samples fit"));
        using var net = new Net(parameters, fits);
        using var solver = new SgdSolver(parameters) { Rate = 0.1f, Momentum = 0.9f };
        net.Load(label, new float[fits]);
        net.Load(graph["data"], new float[fits * 3072]);
        net.Forward();
        net.Backward();
        Assert.That(double.IsFinite(net.Loss));
        emulator.Reset(memoryBytes: emulator.UsedBytes + 1024);
        Assert.That(() => new Net(parameters, 1), Throws.InstanceOf<InsufficientMemoryException>().With.Message.Contains("not even one sample fits"));
    }

    [Test]
    public void A_training_can_be_freed_on_another_thread_while_work_is_on_its_way()
    {
        Emulator emulator = Emulator.Require();
        (long bytes, int contexts) = (emulator.UsedBytes, emulator.Contexts);
        var training = new TinyTraining(on: emulator.Open());
        using IEnumerator<TrainingStep> steps = training.Trainer.Steps(30).GetEnumerator();
        for (int i = 0; i < 10; i++) steps.MoveNext();
        Task.Run(training.Dispose).Wait();
        Assert.That((emulator.UsedBytes, emulator.Contexts), Is.EqualTo((bytes, contexts)));
    }

    [Test]
    public void No_type_has_a_finalizer_that_could_call_the_driver()
    {
        Type[] types = [.. typeof(CudaBackend).Assembly.GetTypes().Concat(typeof(Backend).Assembly.GetTypes()).Where(t => t.Namespace is "EvenNet.Kernels.Cuda" or "EvenNet.Framework")];
        Assert.That(types, Has.Length.GreaterThan(100));
        Assert.That(types.Where(t => t.GetMethod("Finalize", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.DeclaredOnly) is not null), Is.Empty);
    }

    // Batches come one after the other while the device is still at earlier ones; which stream goes on first is the schedule's choice.
    [Test]
    public void Data_on_their_way_overtake_nothing([Values] ThreadOrder order)
    {
        Emulator emulator = Emulator.Require(order);
        using CudaBackend cuda = emulator.Open();
        const int count = 1_200_000;    // three pieces of pinned memory
        using Storage data = cuda.Allocate(count), sums = cuda.Allocate(64);
        float[] values = new float[count];
        for (int batch = 0; batch < 12; batch++)
        {
            values.AsSpan().Fill(batch + 1);
            data.Stage(0, values);
            // The work on a batch: takes its first and last value, then spoils it.
            data.Copy(0, sums, 2 * batch, 1);
            data.Copy(count - 1, sums, 2 * batch + 1, 1);
            data.Fill(0, count, -1);
        }
        float[] read = new float[24];
        sums.Read(0, read);
        Assert.That(read, Is.EqualTo(Enumerable.Range(0, 24).Select(i => (float)(i / 2 + 1))));
    }

    [Test]
    public void The_next_batch_is_on_its_way_while_a_step_waits_for_its_turn()
    {
        Emulator emulator = Emulator.Require();
        using CudaBackend cuda = emulator.Open();
        using Storage data = cuda.Allocate(1000);
        float[] values = new float[1000];
        data.Stage(0, values);
        cuda.Wait();
        int launches = emulator.Launches;
        new CudaLaunch(cuda.Device, "limit_operations", CudaGrid.Blocks(1)) { 1, 0.5f, ((CudaStorage)data).Address }.Run();
        data.Stage(0, values);
        // Waiting for the copies alone does not make the work before them happen.
        cuda.Device.Check(WaitForCopies(cuda.Device));
        Assert.That(emulator.Launches, Is.EqualTo(launches));
        cuda.Wait();
        Assert.That(emulator.Launches, Is.EqualTo(launches + 1));
    }

    private static unsafe CudaResult WaitForCopies(CudaDevice device) => device.Driver.cuStreamSynchronize(device.CopyStream);
}
