using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class CpuLayerTests
{
    private const int Batch = 3;

    public sealed record Case(string Name, Layer Layer, params IReadOnlyList<Shape> Inputs)
    {
        /// <summary>Class numbers as the last input.</summary>
        public int Classes { get; init; }

        /// <summary>Whether the kernel takes blocked inputs as they are.</summary>
        public bool KeepsBlocks { get; init; } = true;

        /// <summary>Inputs that it takes plain all the same.</summary>
        public int[] ReadsPlain { get; init; } = [];

        /// <summary>Values are whole numbers, so that equal largest ones are common.</summary>
        public bool Ties { get; init; }

        /// <summary>Samples for each of the batch, of each input; null for one each.</summary>
        public int[]? Multiplicities { get; init; }

        /// <summary>The last input's values.</summary>
        public Func<Random, int, double[]>? Last { get; init; }

        /// <summary>Inputs and the output's gradient, the same for every backend.</summary>
        public (double[][] Inputs, double[] OutputGradient) Data(int batch)
        {
            var random = new Random(3);
            double[][] inputs = [.. Inputs.Select((s, i) => Sample.Normal(random, batch * (Multiplicities?[i] ?? 1) * s.Count))];
            if (Ties)
                foreach (double[] values in inputs)
                    for (int i = 0; i < values.Length; i++) values[i] = Math.Round(values[i]);
            if (Classes > 0) inputs[^1] = [.. inputs[^1].Select(_ => (double)random.Next(Classes))];
            if (Last is not null) inputs[^1] = Last(random, batch);
            return (inputs, Sample.Normal(random, batch * Layer.InferMultiplicity(Multiplicities ?? [.. Inputs.Select(_ => 1)]) * Layer.Infer(Inputs).Count));
        }

        public override string ToString() => Name;
    }

    private static Pooling Max(Extent kernel, Extent stride, Extent pad = default) => new(PoolKind.Max, kernel) { Stride = stride, Pad = pad };

    private static Pooling Average(Extent kernel, Extent stride, Extent pad = default) => new(PoolKind.Average, kernel) { Stride = stride, Pad = pad };

    public static IEnumerable<Case> Cases
    {
        get
        {
            Shape plane = new(20, 7, 9);
            yield return new("relu", new Relu(), plane);
            yield return new("relu with a slope", new Relu(0.1f), plane);
            yield return new("relu with a negative slope", new Relu(-0.5f), plane);
            yield return new("relu over 5000 values", new Relu(), new Shape(5000));
            foreach ((string name, Layer curve) in ((string, Layer)[])
                [("elu", new Elu()), ("elu of 0.3", new Elu(0.3f)), ("elu of 0", new Elu(0)), ("tanh", new Tanh()), ("sigmoid", new Sigmoid()), ("prelu", new PRelu()), ("prelu with one slope", new PRelu(Shared: true))])
            {
                yield return new(name, curve, plane);
                yield return new($"{name} over whole blocks", curve, new Shape(32, 5, 3));
                yield return new($"{name} over a plane of several chunks", curve, new Shape(17, 67, 71));
                yield return new($"{name} over 5000 values", curve, new Shape(5000));
                yield return new($"{name} over 48 channels without a plane", curve, new Shape(48));
            }
            foreach ((string name, Layer curve) in ((string, Layer)[])
            [
                ("absolute", new Absolute()), ("clip", new Clip(-0.4f, 0.7f)), ("threshold", new Threshold(0.2f)), ("softplus", new Softplus()), ("swish", new Swish(1.5f)),
                ("multiple", new Power(1, -1.7f)), ("line", new Power(1, -0.8f, 0.4f)), ("square", new Power(2, 0.5f, 3)), ("exponential", new EvenNet.Framework.Exponential(2, 0.5f, 0.3f)), ("bias", new Bias()),
            ])
            {
                yield return new(name, curve, plane);
                yield return new($"{name} over 5000 values", curve, new Shape(5000));
            }
            yield return new("reshape", new Reshape(new Shape(9, 20, 7)), plane) { KeepsBlocks = false };
            yield return new("slice of whole blocks", new Crop(new Shape(20, 5, 3)) { Channel = 16 }, new Shape(36, 5, 3));
            yield return new("crop", new Crop(new Shape(5, 4, 3)) { Channel = 2, Row = 1, Column = 5 }, plane) { KeepsBlocks = false };
            yield return new("channel pad from 16 to 50", new ChannelPad(50), new Shape(16, 5, 7));
            yield return new("channel pad from 20 to 40", new ChannelPad(40), plane) { KeepsBlocks = false };
            yield return new("channel pad by none", new ChannelPad(32), new Shape(32, 5, 3));
            foreach (Func<Extent, Extent, Extent, Pooling> pool in (Func<Extent, Extent, Extent, Pooling>[])[Max, Average])
            {
                string kind = $"{pool(1, 1, 0).Kind}";
                yield return new($"{kind} 3×3 stride 2", pool(3, 2, 0), new Shape(20, 13, 12)) { Ties = true };
                yield return new($"{kind} 3×3 stride 2, wide", pool(3, 2, 0), new Shape(32, 9, 55));
                yield return new($"{kind} 3×3 stride 2, hangs over", pool(3, 2, 0), new Shape(20, 12, 14)) { Ties = true };
                yield return new($"{kind} 3×3 stride 2 pad 1", pool(3, 2, 1), new Shape(16, 8, 11)) { Ties = true };
                yield return new($"{kind} 3×3 stride 1 pad 1", pool(3, 1, 1), new Shape(35, 7, 8)) { Ties = true };
                yield return new($"{kind} 3×3 stride 1 pad 1 on 1×1", pool(3, 1, 1), new Shape(16));
                yield return new($"{kind} 2×2 stride 2", pool(2, 2, 0), new Shape(20, 8, 9)) { Ties = true };
                yield return new($"{kind} 2×2 stride 2 pad 1", pool(2, 2, 1), new Shape(16, 3, 3));
                yield return new($"{kind} 5×5 stride 3", pool(5, 3, 0), new Shape(17, 14, 14)) { Ties = true };
                yield return new($"{kind} whole plane", pool(7, 1, 0), new Shape(40, 7, 7));
                yield return new($"{kind} 3×2 stride 1×4 pad 0×1", pool(new(3, 2), new(1, 4), new(0, 1)), new Shape(16, 5, 13));
                yield return new($"{kind} 3×3 stride 5, gaps", pool(3, 5, 0), new Shape(16, 13, 14));
                yield return new($"{kind} 3×3 stride 2, rounded down", pool(3, 2, 0) with { Floor = true }, new Shape(16, 8, 10));
                yield return new($"{kind} 3×3 stride 3", pool(3, 3, 0), new Shape(16, 9, 9)) { Ties = true };
            }
            yield return new("lrn 5", new Lrn(Alpha: 0.4f), new Shape(40, 3, 29));
            yield return new("lrn 5 over 96 channels", new Lrn(Alpha: 0.4f), new Shape(96, 5, 5));
            yield return new("lrn 5 over 3 channels", new Lrn(Alpha: 0.4f), new Shape(3, 5, 5));
            yield return new("lrn 3 with another exponent", new Lrn(3, 0.4f, 0.6f, 2), new Shape(20, 4, 5));
            yield return new("lrn 1", new Lrn(1, 0.5f), new Shape(20, 4, 5));
            yield return new("lrn 37", new Lrn(37, 0.5f), new Shape(50, 2, 3));
            yield return new("lrn 5 without a constant", new Lrn(Alpha: 0.4f, K: 0), new Shape(20, 3, 3));
            yield return new("lrn 5 over one row", new Lrn(Alpha: 0.4f), new Shape(20, 1, 4));
            yield return new("lrn within 3", new LrnWithin(3), new Shape(20, 6, 5));
            yield return new("lrn within 5 with another exponent", new LrnWithin(5, 2, 0.5f), new Shape(16, 5, 19));
            yield return new("lrn within, wider than the plane", new LrnWithin(7, 5), new Shape(18, 2, 3));
            yield return new("batch norm", new BatchNorm(), plane);
            yield return new("batch norm over a plane of several chunks", new BatchNorm(), new Shape(17, 67, 71));
            yield return new("batch norm over 50 channels without a plane", new BatchNorm(), new Shape(50));
            yield return new("batch norm over 48 channels without a plane", new BatchNorm(), new Shape(48));
            yield return new("scale", new Scale(), plane);
            yield return new("scale over a plane of several chunks, without bias", new Scale(HasBias: false), new Shape(17, 67, 71));
            yield return new("scale over 50 channels without a plane", new Scale(), new Shape(50));
            yield return new("scale over 48 channels without a plane", new Scale(), new Shape(48));
            yield return new("dropout", new Dropout(0.4f), plane) { KeepsBlocks = false };
            yield return new("dropout over 3001 values", new Dropout(0.7f), new Shape(3001)) { KeepsBlocks = false };
            yield return new("concat of whole blocks", new Concat(), new Shape(16, 5, 6), new Shape(48, 5, 6), new Shape(20, 5, 6));
            yield return new("concat of parts of blocks", new Concat(), new Shape(20, 5, 6), new Shape(16, 5, 6)) { KeepsBlocks = false };
            yield return new("sum", new Eltwise(EltwiseKind.Sum), plane, plane, plane);
            yield return new("weighted sum", new Eltwise(EltwiseKind.Sum) { Coefficients = [0.5f, -2] }, plane, plane);
            yield return new("product", new Eltwise(EltwiseKind.Product), plane, plane, plane);
            yield return new("maximum", new Eltwise(EltwiseKind.Max), plane, plane, plane) { Ties = true };
            yield return new("softmax", new Softmax(), new Shape(20, 3, 5)) { KeepsBlocks = false };
            yield return new("softmax loss", new SoftmaxLoss(2), new Shape(20, 3, 5), new Shape(1, 3, 5)) { Classes = 20, KeepsBlocks = false };
            yield return new("softmax loss with ignored labels", new SoftmaxLoss(1, 2, LossNormalization.Full), new Shape(5), new Shape(1)) { Classes = 5, KeepsBlocks = false };
            foreach ((string name, int channels, bool ties) in ((string, int, bool)[])[("20 channels", 20, false), ("20 channels, equal values", 20, true), ("32 channels", 32, false)])
            {
                yield return new($"roi pooling, {name}", new RoiPooling(6, 6, 0.25f), new Shape(channels, 9, 11), new Shape(5))
                {
                    Ties = ties,
                    Multiplicities = [1, 5],
                    Last = (random, batch) => Every.Boxes(random, batch, 5),
                    ReadsPlain = [1],
                };
            }
            yield return new("smooth l1 loss", new SmoothL1Loss(2), new Shape(20), new Shape(20)) { KeepsBlocks = false };
            yield return new("euclidean loss", new EuclideanLoss(0.7f), new Shape(5, 3, 2), new Shape(5, 3, 2)) { KeepsBlocks = false };
            yield return new("smooth l1 loss with weights", new SmoothL1Loss(1, 3), new Shape(5, 3, 2), new Shape(5, 3, 2), new Shape(5, 3, 2), new Shape(5, 3, 2)) { KeepsBlocks = false };
            yield return new("sigmoid cross-entropy", new SigmoidCrossEntropy(3, 1), new Shape(20), new Shape(20)) { Classes = 3, KeepsBlocks = false };
        }
    }

    // Sums of a few dozen float32 products, and square roots: 1e-5 of the largest value.
    [Test]
    public void A_kernel_agrees_with_the_reference_in_every_layout(
        [ValueSource(nameof(Cases))] Case c, [Values] LayoutKind arrives, [Values] bool accumulate)
    {
        using Backend reference = Backends.Open("reference"), cpu = new CpuBackend(2);
        KernelRun expected = Run(reference, c, LayoutKind.Plain, accumulate), actual = Run(cpu, c, arrives, accumulate);
        Assert.That(actual.KernelName, Does.StartWith("cpu."));
        Assert.That(actual.Results.Keys, Is.EqualTo(expected.Results.Keys));
        foreach ((string name, double[] values) in expected.Results)
            Assert.That(Sample.RelativeError(values, actual.Results[name]), Is.LessThan(1e-5), name);
    }

    [Test]
    public void A_kernel_takes_blocked_inputs_as_they_arrive([ValueSource(nameof(Cases))] Case c)
    {
        using var cpu = new CpuBackend(1);
        KernelOffer offer = cpu.Offer(new KernelRequest(
            c.Layer, Batch, c.Inputs, c.Layer.Infer(c.Inputs), [.. c.Inputs.Select(_ => LayoutKind.Blocked)], Relu: false, InputGradient: true));
        LayoutKind kind = c.KeepsBlocks ? LayoutKind.Blocked : LayoutKind.Plain;
        Assert.That(offer.Reads.Where((_, i) => !c.ReadsPlain.Contains(i)).Select(r => r.Kind), Is.All.EqualTo(kind));
        Assert.That(offer.Writes, Is.EqualTo(kind));
    }

    [Test]
    public void A_pass_allocates_nothing([ValueSource(nameof(Cases))] Case c, [Values] LayoutKind arrives)
    {
        using var cpu = new CpuBackend(1);
        Assert.That(Run(cpu, c, arrives, accumulate: false).AllocatedBytes, Is.Zero);
    }

    private static KernelRun Run(Backend backend, Case c, LayoutKind arrives, bool accumulate)
    {
        (double[][] inputs, double[] gradient) = c.Data(Batch);
        var run = new KernelRun(backend, Batch);
        run.Run(c.Layer, c.Inputs, inputs, gradient, arrives, accumulate, halos: new Random(9), c.Multiplicities);
        return run;
    }
}
