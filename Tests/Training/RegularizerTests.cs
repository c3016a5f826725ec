using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>The orthonormality regularizer: its gradient, what it leads to, and its place in a step.</summary>
public sealed class RegularizerTests
{
    private static readonly OrthonormalRegularizer[] Kinds = [new() { Strength = 0.3f }, new() { Strength = 0.3f, Side = OrthonormalSide.Filters }, new() { Strength = 0.3f, GroupSize = 3 }];

    private static Graph Net => Graph.Of(Node.Input("data", 4, 5, 5).Convolution("wide", 7, kernel: 3).Convolution("grouped", 14, kernel: 1, groups: 7).Convolution("tall", 20, kernel: 1).InnerProduct("top", 5));

    [TestCaseSource(nameof(Kinds))]
    public void Gradients_are_those_of_finite_differences(OrthonormalRegularizer regularizer)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(Net, backend);
        new MsraInit().Apply(parameters, seed: 1);
        foreach (Parameter p in parameters.All.Where(regularizer.Holds))
        {
            parameters.ClearGradients();
            regularizer.AddGradient(backend, p, iteration: 0);
            float[] gradient = p.ReadGradient(), weights = p.Read();
            double scale = gradient.Max(Math.Abs), worst = 0;
            const float Step = 1e-2f;
            foreach (int i in Enumerable.Range(0, p.Count).Where(i => i % 7 == 0))
            {
                double R(float by)
                {
                    float[] moved = [.. weights];
                    moved[i] += by;
                    p.Write(moved);
                    return 0.3 / 2 * regularizer.SquaredDeviation(backend, p);
                }
                // Of the fourth order: R is a polynomial of degree four in each weight, so there is no other error than rounding.
                double difference = (8 * (R(Step) - R(-Step)) - (R(2 * Step) - R(-2 * Step))) / (12 * Step);
                worst = Math.Max(worst, Math.Abs(difference - gradient[i]) / scale);
            }
            p.Write(weights);
            Assert.That(worst, Is.LessThan(1e-3), p.Name);
        }
    }

    [Test]
    public void Steps_along_it_alone_make_weights_orthonormal_and_never_less_so()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(Net, backend);
        new MsraInit().Apply(parameters, seed: 1);
        // Singular values up to two: larger ones would grow.
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight")) p.Multiply(0.3);
        var regularizer = new OrthonormalRegularizer { Strength = 1 };
        using var solver = new SgdSolver(parameters) { Rate = 0.05f, Momentum = 0, Regularizer = regularizer };
        Parameter[] weights = [.. parameters.All.Where(regularizer.Holds)];
        Assert.That(weights, Has.Length.EqualTo(4));
        double[] before = [.. weights.Select(p => regularizer.SquaredDeviation(backend, p))];
        for (int step = 0; step < 400; step++)
        {
            parameters.ClearGradients();
            solver.Step();
            double[] now = [.. weights.Select(p => regularizer.SquaredDeviation(backend, p))];
            for (int i = 0; i < now.Length; i++) Assert.That(now[i], Is.LessThanOrEqualTo(before[i] + 1e-8), $"{weights[i].Name}, step {step}");
            before = now;
        }
        Assert.That(before.Select(Math.Sqrt), Is.All.LessThan(1e-3));
    }

    [Test]
    public void It_takes_the_place_of_decay_and_is_not_clipped_or_averaged()
    {
        using Backend backend = Backends.Open("reference");
        float[] One(float decay, float clip, int accumulate, OrthonormalRegularizer? regularizer)
        {
            using var parameters = new ParameterSet(Net, backend);
            new MsraInit().Apply(parameters, seed: 1);
            using var solver = new SgdSolver(parameters) { Rate = 0.1f, Momentum = 0, Decay = decay, ClipNorm = clip, Accumulate = accumulate, Regularizer = regularizer };
            foreach (Parameter p in parameters.All) p.Gradients.Storage.Write(p.Gradients.Offset, Enumerable.Repeat(0.5f, p.Count).ToArray());
            solver.Step();
            return parameters["tall.weight"].Read();
        }
        var kind = new OrthonormalRegularizer { Strength = 0.2f };
        float[] start = One(0, 1e-20f, 1, null), plain = One(0, 0, 1, null), regularized = One(0, 0, 1, kind), decayed = One(0.3f, 0, 1, kind), clipped = One(0, 1e-20f, 1, kind), averaged = One(0, 0, 4, kind);
        Assert.That(decayed, Is.EqualTo(regularized));
        for (int i = 0; i < plain.Length; i++)
        {
            double push = regularized[i] - plain[i];
            Assert.That(clipped[i] - start[i], Is.EqualTo(push).Within(1e-5));
            Assert.That(averaged[i], Is.EqualTo(start[i] + (plain[i] - start[i]) / 4 + push).Within(1e-5));
        }
    }
}
