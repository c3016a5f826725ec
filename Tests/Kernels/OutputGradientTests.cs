using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed unsafe class OutputGradientTests
{
    [Test]
    public void Mask_and_bias_gradient_come_from_one_pass_with_the_same_bits_on_any_number_of_threads([Values] bool mask, [Values] bool sum)
    {
        const int batch = 3, channels = 20, size = 7;
        HaloLayout y = new(channels, size, size, 2), dy = new(channels, size, size, 1);
        var random = new Random(5);
        float[] outputs = [.. Enumerable.Range(0, batch * channels * size * size).Select(i => i % 5 == 0 ? 0 : random.NextSingle() - 0.5f)];
        float[] gradients = [.. outputs.Select(_ => random.NextSingle() - 0.5f)];
        float[] expected = [.. gradients.Select((g, i) => mask && outputs[i] <= 0 ? 0 : g)];
        double[] expectedBias = new double[channels];
        for (int i = 0; i < expected.Length; i++) expectedBias[i / (size * size) % channels] += 3.0 * expected[i];

        float[]? first = null;
        foreach (int count in new[] { 1, 2, 3 })
        {
            using var threads = new Threads(count);
            using CpuMemory yMemory = Blocked.From(outputs, y, batch), dyMemory = Blocked.From(gradients, dy, batch);
            float[] bias = new float[channels];
            fixed (float* biasGradient = bias)
                new OutputGradient(batch, y, dy, threads).Apply(mask ? yMemory.Pointer : null, dyMemory.Pointer, 3, sum ? biasGradient : null);
            Assert.That(Blocked.To(dyMemory, dy, batch, paddingIsZero: true), Is.EqualTo(expected));
            Assert.That(bias, Is.EqualTo(sum ? expectedBias : new double[channels]).Within(1e-5));
            Assert.That(bias, Is.EqualTo(first ??= bias));
        }
    }
}
