using EvenNet.Framework;

namespace EvenNet.Tests.Training;

[TestFixture("reference")]
[TestFixture("cpu")]
[TestFixture(TestDevice.Emulated)]
public sealed class StepWhileBackwardTests(string backend)
{
    public enum Kind { Sgd, Nesterov, Adam, RmsProp }

    // One sample, a tile of samples, several, and more than the sweep takes; rows and columns that fill no block.
    [Test]
    public void Updating_while_the_gradient_arises_changes_no_bit([Values(1, 5, 33, 70)] int batch, [Values] Kind kind)
    {
        float[] apart = Train(batch, (solver, net) => { net.Backward(); solver.Step(); }, kind), together = Train(batch, (solver, net) => solver.Step(net), kind);
        Assert.That(together, Is.EqualTo(apart));
    }

    [Test]
    public void Clipping_and_accumulated_passes_are_kept()
    {
        float[] apart = Train(4, Twice((solver, net) => { net.Backward(); solver.Step(); }), accumulate: 2, clip: 0.5f);
        Assert.That(Train(4, Twice((solver, net) => solver.Step(net)), accumulate: 2, clip: 0.5f), Is.EqualTo(apart));
        Assert.That(Train(4, Twice((solver, net) => solver.Step(net)), accumulate: 2), Is.Not.EqualTo(apart), "a clip that does nothing shows nothing");

        static Action<Solver, Net> Twice(Action<Solver, Net> last) => (solver, net) =>
        {
            net.Backward();
            net.Forward();
            last(solver, net);
        };
    }

    [Test]
    public void A_step_leaves_no_gradient_behind()
    {
        using Backend device = TestDevice.Open(backend);
        Graph graph = Graph();
        using var parameters = new ParameterSet(graph, device);
        using var net = new Net(parameters, 3);
        using var solver = new SgdSolver(parameters) { Rate = 0.1f };
        net.Forward();
        net.Backward();
        Assert.That(parameters.HoldsGradients);
        net.Forward();
        solver.Step(net);
        Assert.That(parameters.HoldsGradients, Is.False);
        net.Forward();
        solver.Step(net);
        Assert.That(parameters.HoldsGradients, Is.False);
        Assert.That(parameters.All.SelectMany(p => p.ReadGradient()), Is.All.Zero);
        Assert.That(solver.Iteration, Is.EqualTo(2));
    }

    [Test]
    public void A_net_of_other_parameters_is_refused()
    {
        using Backend device = TestDevice.Open(backend);
        Graph graph = Graph();
        using ParameterSet one = new(graph, device), other = new(graph, device);
        using var net = new Net(one, 1);
        using var solver = new SgdSolver(other) { Rate = 0.1f };
        Assert.That(() => solver.Step(net), Throws.ArgumentException.With.Message.Contains("other parameters"));
    }

    // A shared layer, a frozen one, one that no loss reaches, two losses.
    private static Graph Graph()
    {
        Node data = Node.Input("data", 3, 9, 9), label = Node.Input("label", 1);
        Node hidden = data.Convolution("conv", 16, 3, pad: 1).Relu().InnerProduct("wide", 300).Relu().Dropout();
        Node twin = hidden.InnerProduct("first", 7);
        Node again = hidden.InnerProduct("second", 7, sharedWith: twin);
        Node frozen = again.InnerProduct("frozen", 5);
        return Framework.Graph.Of(twin.SoftmaxLoss(label, name: "one"), frozen.Relu().InnerProduct("last", 6).SoftmaxLoss(label, weight: 0.3f, name: "two"), hidden.InnerProduct("unused", 4));
    }

    private float[] Train(int batch, Action<Solver, Net> step, Kind kind = Kind.Sgd, int accumulate = 1, float clip = 0)
    {
        using Backend device = TestDevice.Open(backend);
        Graph graph = Graph();
        using var parameters = new ParameterSet(graph, device);
        var random = new Random(5);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight")) p.Write(Sample.Normal(random, p.Count).Select(v => 0.1f * v).ToArray());
        parameters["frozen.weight"].LearningRate = 0;
        parameters.Scale(graph["wide"]).Fill(1.25f);
        using var net = new Net(parameters, batch);
        using Solver solver = kind switch
        {
            Kind.Adam => new AdamSolver(parameters) { Rate = 0.01f, Decay = 0.01f, Accumulate = accumulate, ClipNorm = clip },
            Kind.RmsProp => new RmsPropSolver(parameters) { Rate = 0.01f, Decay = 0.01f, Accumulate = accumulate, ClipNorm = clip },
            _ => new SgdSolver(parameters) { Rate = 0.05f, Decay = 0.01f, Accumulate = accumulate, ClipNorm = clip, Nesterov = kind == Kind.Nesterov },
        };
        for (int i = 0; i < 3; i++)
        {
            net.Load(graph["data"], Sample.Normal(random, batch * 243));
            net.Load(graph["label"], [.. Enumerable.Range(0, batch).Select(n => (float)(n % 5))]);
            net.Forward();
            step(solver, net);
        }
        return [.. parameters.All.SelectMany(p => p.Read()), .. solver.States.SelectMany(state => parameters.All.SelectMany(p => { var v = new float[p.Count]; state.Storage.Read(p.Offset, v); return v; }))];
    }
}
