using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Numbers that stop being finite: which layer is named.</summary>
[TestFixture("cpu")]
[TestFixture("reference")]
[TestFixture(TestDevice.Emulated)]
public sealed class DivergenceTests(string device)
{
    [TestCase("conv1.weight", "conv1", "after 0 iterations the loss is not a number: 1 of the 216 values of conv1.weight are not finite")]
    [TestCase("scale1.weight", "scale1", "1 of the 8 values of scale1.weight are not finite")]
    [TestCase("fc1.bias", "fc1", "1 of the 12 values of fc1.bias are not finite")]
    [TestCase("fc2.weight", "fc2", "1 of the 48 values of fc2.weight are not finite")]
    public void A_broken_parameter_is_named(string name, string layer, string message)
    {
        using var training = new TinyTraining(dropout: 0, device: device);
        Break(training.Parameters[name], float.NaN);
        DivergenceException error = Assert.Throws<DivergenceException>(() => training.Train(1))!;
        Assert.That((error.Layer, error.Iteration), Is.EqualTo((layer, (int?)0)));
        Assert.That(error.Message, Does.Contain(message));
    }

    // A rectifier that swallows NaN, in the same kernel as the layer before it, hides nothing.
    [Test]
    public void Values_that_overflow_name_the_first_layer_that_has_them()
    {
        if (device == "reference") Assert.Ignore("its double precision does not overflow here");
        using var training = new TinyTraining(dropout: 0, device: device);
        Parameter weight = training.Parameters["fc1.weight"];
        weight.Write(Enumerable.Repeat(3e38f, (int)weight.Count).ToArray());
        DivergenceException error = Assert.Throws<DivergenceException>(() => training.Train(1))!;
        Assert.That(error.Layer, Is.EqualTo("fc1"));
        Assert.That(error.Message, Does.Match("the first values that are not finite are [0-9]+ of the 72 of fc1 \\(InnerProduct\\)$"));
    }

    [Test]
    public void Data_that_are_not_finite_are_named()
    {
        using var training = new TinyTraining(device: device);
        var trainer = new Trainer(training.Net, training.Solver, new DataLoader(training.Data, TinyTraining.Augmentation with { Scale = 1e38f }, new LoaderOptions(TinyTraining.Batch, 1)));
        DivergenceException error = Assert.Throws<DivergenceException>(() => trainer.Steps(1).Count())!;
        Assert.That(error.Layer, Is.EqualTo("data"));
        Assert.That(error.Message, Does.Contain("of data (Input)"));
    }

    [Test]
    public void In_a_later_pass_of_a_step_too()
    {
        using var training = new TinyTraining(accumulate: 2, dropout: 0, device: device);
        training.Train(2);
        Break(training.Parameters["fc2.bias"], float.PositiveInfinity);
        DivergenceException error = Assert.Throws<DivergenceException>(() => training.Train(3))!;
        Assert.That((error.Layer, error.Iteration), Is.EqualTo(("fc2", (int?)2)));
        Assert.That(error.Message, Does.Contain("so the last update was too large"));
    }

    [Test]
    public void A_rate_without_measure_ends_with_the_iteration_and_the_layer()
    {
        using var training = new TinyTraining(schedule: 1e20f, device: device, dropout: 0);
        DivergenceException error = Assert.Throws<DivergenceException>(() => training.Train(50))!;
        TestContext.Out.WriteLine(error.Message);
        Assert.That(error.Iteration, Is.InRange(1, 5));
        Assert.That(training.Solver.Iteration, Is.EqualTo(error.Iteration));
        Assert.That(error.Layer, Is.Not.Null);
    }

    [Test]
    public void An_evaluation_with_broken_weights_names_them_and_the_scores_and_the_picture([Values] bool isMultiLabel)
    {
        using var training = new TinyTraining(data: new PatternDataset(12, isMultiLabel: isMultiLabel), device: device);
        Break(training.Parameters["conv1.weight"], float.NaN);
        using Evaluator judge = training.Judge();
        foreach (Action judging in (Action[])[() => judge.Run(), judge.Try])
        {
            DivergenceException error = Assert.Throws<DivergenceException>(() => judging())!;
            Assert.That(error.Message, Is.EqualTo("fc2 puts out scores that are not finite for pattern 0: 1 of the 216 values of conv1.weight are not finite"));
            Assert.That((error.Layer, error.Iteration), Is.EqualTo(("conv1", (int?)null)));
        }
    }

    private static void Break(Parameter parameter, float value)
    {
        float[] values = parameter.Read();
        values[values.Length / 2] = value;
        parameter.Write(values);
    }
}
