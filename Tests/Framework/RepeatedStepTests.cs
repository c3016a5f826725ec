using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class RepeatedStepTests
{
    // Layers whose inputs are reordered first are the trap: the reorder runs again too.
    [Test]
    public void A_nodes_step_can_be_repeated([Values("cpu", "reference")] string device, [Values] bool backward)
    {
        using Backend backend = Backends.Open(device, threads: 1);
        using var parameters = new ParameterSet(Graph.Of(CaffeNetMini.Scores(classes: 5)), backend);
        for (int i = 0; i < parameters.All.Count; i++)
        {
            if (parameters.All[i].Spec.Name != "weight") continue;
            float[] weights = new float[parameters.All[i].Count];
            new Philox(1, RandomPurpose.Weights, i).FillGaussian(weights);
            parameters.All[i].Write(weights);
        }
        using var net = new Net(parameters, batch: 2, new() { Fuse = false, Backward = backward });
        Node input = net.Nodes.Single(n => n.Layer is Input);
        float[] image = new float[2 * input.Shape.Count];
        new Philox(1, RandomPurpose.Noise).FillGaussian(image);
        net.Load(input, image);
        foreach (Node node in net.Nodes.Where(n => n.Layer is not Input))
        {
            net.Forward(node, Phase.Test);
            float[] once = net.Read(node);
            net.Forward(node, Phase.Test);
            Assert.That(net.Read(node), Is.EqualTo(once), node.Name);
        }
    }
}
