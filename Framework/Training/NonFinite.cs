namespace EvenNet.Framework;

/// <summary>Finds where a pass stopped being finite, by making it again with every value in view.</summary>
internal static class NonFinite
{
    /// <summary>The error for a pass of <paramref name="trainer"/>: names the first layer in the order of the net.</summary>
    public static DivergenceException Explain(Trainer trainer, LabelledBatch batch, int pass, double loss)
    {
        int iteration = trainer.Solver.Iteration;
        // Not the training plan: there, values lie over one another and rectifiers, which swallow NaN, are part of the layers before them.
        using var net = new Net(trainer.Net.Parameters, trainer.Net.Batch, new NetOptions { Fuse = false, Backward = false, BatchStatistics = true, Seed = trainer.Net.Options.Seed });
        (Node images, Node labels) = NetInputs.Find(net, trainer.Data);
        net.Load(images, batch.Images);
        net.Load(labels, batch.Labels);
        net.BeginPass((long)iteration * trainer.Solver.Accumulate + pass);
        (string? layer, string place) = First(net, Phase.Train, iteration);
        return new(iteration, loss, layer, place);
    }

    /// <summary>The first layer, in the order of a net whose inputs are loaded, whose parameters or values are not finite, and what of it; no layer where all are.</summary>
    /// <param name="net">Of single layers: <see cref="NetOptions.Fuse"/> is off.</param>
    /// <param name="phase">Of the pass.</param>
    /// <param name="iteration">Steps that have changed the parameters.</param>
    public static (string? Layer, string Place) First(Net net, Phase phase, int iteration = 0)
    {
        foreach (Node node in net.Nodes)
        {
            foreach (Parameter p in node.Layer.SharedWith is null ? net.Parameters.Of(node) : [])
                if (Broken(net.Backend, p, iteration) is { } bad) return (node.Name, bad);
            net.Forward(node, phase);
            float[] values = net.Read(node);
            if (Count(values) is > 0 and var wrong && node.Layer is not ILoss) return (node.Name, $"the first values that are not finite are {wrong:N0} of the {values.Length:N0} of {node.Name} ({node.Layer.GetType().Name})");
        }
        return (null, "every layer below it is finite");
    }

    /// <summary>Fails where an update has made a parameter that is not finite.</summary>
    /// <exception cref="DivergenceException">It names the first.</exception>
    public static void RequireParameters(Solver solver, double loss)
    {
        ParameterSet parameters = solver.Parameters;
        if (double.IsFinite(parameters.Backend.SquaredNorm(new Region(parameters.ValueStorage, 0, parameters.ValueStorage.Count)))) return;
        foreach (Parameter p in parameters.All)
            if (Broken(parameters.Backend, p, solver.Iteration) is { } bad) throw new DivergenceException(solver.Iteration, loss, p.Node.Name, bad);
    }

    private static string? Broken(Backend backend, Parameter p, int iteration) => !double.IsFinite(backend.SquaredNorm(p.Values)) && Count(p.Read()) is > 0 and var bad
        ? $"{bad:N0} of the {p.Count:N0} values of {p.Name} are not finite{(!p.Spec.IsLearned ? ": what comes to the layer is too large" : iteration > 0 ? ", so the last update was too large" : "")}"
        : null;

    private static int Count(ReadOnlySpan<float> values)
    {
        int count = 0;
        foreach (float v in values)
            if (!float.IsFinite(v)) count++;
        return count;
    }
}
