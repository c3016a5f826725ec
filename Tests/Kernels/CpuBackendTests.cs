using EvenNet.Framework;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class CpuBackendTests
{
    [Test]
    public void A_product_of_host_matrices_is_the_references([Values] bool transposeA, [Values] bool transposeB, [Values] bool accumulate)
    {
        using Backend cpu = new CpuBackend(2), reference = EvenNet.Kernels.Backends.Open("reference");
        var random = new Random(5);
        float[] Values(int count) => [.. Sample.Normal(random, count).Select(v => (float)v)];
        (int m, int n, int k) = (70, 45, 130);
        float[] a = Values(m * k), b = Values(k * n), c = Values(m * n), expected = [.. c];
        reference.Gemm(transposeA, transposeB, m, n, k, a, b, expected, accumulate);
        cpu.Gemm(transposeA, transposeB, m, n, k, a, b, c, accumulate);
        // 130 float32 products of standard normals, of size about 11 in all.
        Assert.That(c, Is.EqualTo(expected).Within(1e-4));
    }

    [Test]
    public void A_product_names_the_matrix_that_is_too_short()
    {
        using var cpu = new CpuBackend(1);
        Assert.That(
            () => cpu.Gemm(false, false, 2, 3, 4, new float[8], new float[11], new float[6]),
            Throws.ArgumentException.With.Message.EqualTo("b has 11 values; 4 × 3 need 12"));
    }

    // By hand, μ = 0.5, rate 0.1, decay 0.01, two passes accumulated:
    // g = 0.5·4 + 0.01·2 = 2.02, v = 0.5·1 + 0.1·2.02 = 0.702, w = 2 − 0.702 = 1.298;
    // g = 0.5·(−2) + 0.01·1.298 = −0.98702, v = 0.5·0.702 − 0.098702 = 0.252298, w = 1.298 − 0.252298 = 1.045702.
    [Test]
    public void Two_solver_steps_give_what_they_give_by_hand([Values(1, 3)] int threads, [Values(1, 67, 200_003)] int count)
    {
        using var cpu = new CpuBackend(threads);
        using Storage w = cpu.Allocate(count + 2), g = cpu.Allocate(count + 2), v = cpu.Allocate(count + 2);
        Region Inner(Storage s) => new(s, 1, count);
        void Fill(Storage s, float value) => s.Write(0, Enumerable.Repeat(value, count + 2).ToArray());
        Fill(w, 2);
        Fill(v, 1);
        foreach (float gradient in new[] { 4f, -2f })
        {
            Fill(g, gradient);
            cpu.Sgd(new SgdUpdate(Inner(w), Inner(g), Inner(v), GradientScale: 0.5f, Decay: 0.01f, Momentum: 0.5f, Rate: 0.1f));
        }
        Assert.That(Read(w), Is.EqualTo(Framed(2, 1.045702f, count)).Within(1e-6));
        Assert.That(Read(v), Is.EqualTo(Framed(1, 0.252298f, count)).Within(1e-6));
        Assert.That(Read(g), Is.EqualTo(Framed(-2, 0, count)));
    }

    private static readonly string[] SolverSteps = ["sgd", "nesterov", "adam", "rmsprop"];

    // Chunks of several tasks, and a tail that fills no vector. Single precision against double: 1e-6 of the largest value.
    [Test]
    public void Solver_steps_are_the_references_with_any_number_of_threads(
        [ValueSource(nameof(SolverSteps))] string kind, [Values(1, 3)] int threads, [Values] DecayKind decay)
    {
        using Backend cpu = new CpuBackend(threads), one = new CpuBackend(1), reference = EvenNet.Kernels.Backends.Open("reference");
        double[] expected = ThreeSteps(reference, kind, decay), actual = ThreeSteps(cpu, kind, decay);
        Assert.That(Sample.RelativeError(expected, actual), Is.LessThan(1e-6));
        Assert.That(actual, Is.EqualTo(ThreeSteps(one, kind, decay)));
    }

    // Weights and states after three steps, framed by what must stay as it is; gradients are cleared.
    private static double[] ThreeSteps(Backend backend, string kind, DecayKind decay)
    {
        const int count = 200_003;
        using Storage w = backend.Allocate(count + 2), g = backend.Allocate(count + 2), first = backend.Allocate(count + 2), second = backend.Allocate(count + 2);
        var random = new Random(4);
        w.Write(0, Sample.Normal(random, count + 2));
        for (int t = 1; t <= 3; t++)
        {
            g.Write(0, Sample.Normal(random, count + 2));
            Step(backend, kind, decay, new(w, 1, count), new(g, 1, count), new(first, 1, count), new(second, 1, count));
            Assert.That(ReadExact(g)[1..^1], Is.All.Zero);
        }
        return [.. ReadExact(w), .. ReadExact(first), .. ReadExact(second)];
    }

    private static void Step(Backend backend, string kind, DecayKind decay, Region w, Region g, Region first, Region second)
    {
        if (kind == "adam") backend.Adam(new(w, g, first, second, 0.5f, 0.1f, 0.9f, 0.99f, Delta: 1e-3f, Rate: 0.1f, decay));
        else if (kind == "rmsprop") backend.RmsProp(new(w, g, first, 0.5f, 0.1f, Rho: 0.9f, Delta: 1e-3f, Rate: 0.1f, decay));
        else backend.Sgd(new(w, g, first, 0.5f, 0.1f, Momentum: 0.9f, Rate: 0.1f, decay, Nesterov: kind == "nesterov"));
    }

    [Test]
    public void A_solver_step_does_not_allocate([ValueSource(nameof(SolverSteps))] string kind)
    {
        using var cpu = new CpuBackend(2);
        using Storage w = cpu.Allocate(200_000), g = cpu.Allocate(200_000), first = cpu.Allocate(200_000), second = cpu.Allocate(200_000);
        Region All(Storage s) => new(s, 0, 200_000);
        Assert.That(Allocations.Of(cpu.Threads, () => Step(cpu, kind, DecayKind.Squares, All(w), All(g), All(first), All(second)), count: 20), Is.Zero);
    }

    private static double[] ReadExact(Storage storage)
    {
        var values = new double[storage.Count];
        storage.Read(0, values);
        return values;
    }

    private static float[] Read(Storage storage)
    {
        var values = new float[storage.Count];
        storage.Read(0, values);
        return values;
    }

    // The step must not touch the neighbours of its region.
    private static float[] Framed(float frame, float value, int count) => [frame, .. Enumerable.Repeat(value, count), frame];
}
