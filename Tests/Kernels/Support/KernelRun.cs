using EvenNet.Framework;

namespace EvenNet.Tests.Kernels;

/// <summary>
/// One kernel on tensors of chosen layouts, without a plan: memory that it must write holds poison before, memory around every tensor, and
/// between the samples of blocked ones, holds poison before and after. Checks that borders and channel tails hold zeros, and returns logical values.
/// </summary>
internal sealed class KernelRun
{
    private const int Guard = 32;
    private readonly Backend backend;
    private readonly int batch;
    private readonly List<(string Name, Storage Storage)> tensors = [];
    private readonly List<(string Name, Tensor Tensor)> apart = [];

    public KernelRun(Backend backend, int batch) => (this.backend, this.batch) = (backend, batch);

    public string KernelName { get; private set; } = "";

    /// <summary>Bytes that this thread allocated in a second forward and backward pass.</summary>
    public long AllocatedBytes { get; private set; }

    public Dictionary<string, double[]> Results { get; } = [];

    /// <summary>Forward and backward. inputs, outputGradient: N×C×H×W; halos draws the border of every value and gradient.</summary>
    public void Run(
        Layer layer, IReadOnlyList<Shape> shapes, IReadOnlyList<double[]> inputs, double[] outputGradient, LayoutKind arrives, bool accumulate, Random halos,
        IReadOnlyList<int>? multiplicities = null)
    {
        Shape output = layer.Infer(shapes);
        int Samples(int input) => batch * (multiplicities?[input] ?? 1);
        int outputs = batch * layer.InferMultiplicity(multiplicities ?? [.. shapes.Select(_ => 1)]);
        var request = new KernelRequest(layer, outputs, shapes, output, [.. shapes.Select(_ => arrives)], Relu: false, InputGradient: true);
        KernelOffer offer = backend.Offer(request);
        KernelName = offer.Name;
        Layout Border(LayoutKind kind, int least = 0) => kind == LayoutKind.Blocked ? Layout.Blocked(least + halos.Next(3)) : Layout.Plain;

        Tensor[] x = [.. shapes.Select((s, i) => Add($"input {i}", Samples(i), s, Border(offer.Reads[i].Kind, offer.Reads[i].Halo)))];
        for (int i = 0; i < x.Length; i++) x[i].Write(inputs[i]);
        Tensor y = Add("output", outputs, output, Border(offer.Writes)), dy = Add("output gradient", outputs, output, Border(offer.Writes, offer.GradientHalo));
        var dx = new Tensor?[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            if (!layer.IsDifferentiable(i)) continue;
            dx[i] = Add($"gradient of input {i}", Samples(i), shapes[i], Border(offer.Reads[i].Kind));
            if (accumulate) dx[i]!.Write(inputs[i]);
        }
        using ParameterSet? parameters = ParametersOf(layer, shapes);
        using Storage saved = backend.Allocate(offer.Saved), scratch = backend.Allocate(offer.Scratch + 2 * Guard);
        Poison(scratch);
        using Kernel kernel = offer.Bind(new Bindings
        {
            Request = request,
            Inputs = x,
            Output = y,
            OutputGradient = dy,
            InputGradients = dx,
            Accumulate = [.. shapes.Select(_ => accumulate)],
            Parameters = parameters?.All ?? [],
            ParameterGradients = parameters is not null,
            Saved = new Region(saved, 0, offer.Saved),
            Scratch = new Region(scratch, Guard, offer.Scratch),
            Random = (5, 77),
        });
        kernel.Forward(Phase.Train);
        // What backward does not keep is gone by then.
        for (int i = 0; i < x.Length; i++)
            if (!offer.Keeps.HasFlag(BackwardReads.Inputs)) Poison(x[i].Region.Storage);
        Results["output"] = y.ReadExact();
        CheckBorder("output", y);
        if (!offer.Keeps.HasFlag(BackwardReads.Output)) Poison(y.Region.Storage);
        dy.Write(outputGradient);
        kernel.Backward();
        for (int i = 0; i < x.Length; i++)
        {
            if (dx[i] is not { } gradient) continue;
            Results[$"gradient of input {i}"] = gradient.ReadExact();
            CheckBorder($"gradient of input {i}", gradient);
        }
        foreach (Parameter p in parameters?.All ?? [])
        {
            if (p.Spec.IsLearned) Results[$"gradient of {p.Spec.Name}"] = p.ReadGradientExact();
            else Results[p.Spec.Name] = p.ReadExact();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        kernel.Forward(Phase.Train);
        kernel.Backward();
        AllocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        foreach ((string name, Tensor tensor) in apart) CheckGaps(name, tensor);
        foreach ((string name, Storage storage) in tensors)
        {
            CheckGuards(name, storage);
            storage.Dispose();
        }
        CheckGuards("workspace", scratch);
    }

    // Positive numbers: some are variances.
    private ParameterSet? ParametersOf(Layer layer, IReadOnlyList<Shape> shapes)
    {
        if (layer.Parameters(shapes).Count == 0) return null;
        var set = new ParameterSet(Graph.Of(new Node("layer", layer, [.. shapes.Select((s, i) => Node.Input($"{i}", s.Channels, s.Height, s.Width))])), backend);
        var random = new Random(6);
        foreach (Parameter p in set.All) p.Write([.. Sample.Normal(random, p.Count).Select(v => 0.5 + v * v)]);
        return set;
    }

    private static void CheckGuards(string name, Storage storage)
    {
        var around = new float[Guard];
        foreach (long at in (long[])[0, storage.Count - Guard])
        {
            storage.Read(at, around);
            Assert.That(around, Is.All.NaN, $"{name}: written outside its memory");
        }
    }

    private static void CheckGaps(string name, Tensor tensor)
    {
        var between = new float[tensor.SampleStride - tensor.SampleCount];
        for (int n = 0; n + 1 < tensor.Batch; n++)
        {
            tensor.Region.Storage.Read(tensor.Region.Offset + n * tensor.SampleStride + tensor.SampleCount, between);
            Assert.That(between, Is.All.NaN, $"{name}: written between samples {n} and {n + 1}");
        }
    }

    private static void Poison(Storage storage)
    {
        var poison = new float[storage.Count];
        poison.AsSpan().Fill(float.NaN);
        storage.Write(0, poison);
    }

    private Tensor Add(string name, int samples, Shape shape, Layout layout)
    {
        // As if it were some channels of a larger value, one time in two.
        long stride = layout.SampleCount(shape) + (layout.Kind == LayoutKind.Blocked ? tensors.Count % 2 * 3 * Layout.BlockSize : 0);
        long count = (samples - 1) * stride + layout.SampleCount(shape);
        Storage storage = backend.Allocate(count + 2 * Guard);
        Poison(storage);
        var tensor = new Tensor(new Region(storage, Guard, count), samples, shape, layout, stride);
        apart.Add((name, tensor));
        tensors.Add((name, storage));
        return tensor;
    }

    // Packing the logical values into memory of zeros must give what is stored.
    private static void CheckBorder(string name, Tensor tensor)
    {
        var stored = new double[tensor.SampleCount];
        var expected = new double[tensor.SampleCount];
        for (int n = 0; n < tensor.Batch; n++)
        {
            tensor.Region.Storage.Read(tensor.Region.Offset + n * tensor.SampleStride, stored);
            Array.Clear(expected);
            tensor.Layout.Pack<double>(tensor.Shape, tensor.ReadExact(n), expected);
            Assert.That(stored, Is.EqualTo(expected), $"{name}: border or channel tail of sample {n} ({tensor.Layout}) is not zero");
        }
    }
}
