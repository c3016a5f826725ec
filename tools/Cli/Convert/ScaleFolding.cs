using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>From z = s · (W x + b) to weights s · W and biases s · b with a scale of one: for frameworks that have no such scale. The function stays, the change rates do not.</summary>
internal static class ScaleFolding
{
    /// <summary>Folds every layer's scale, once where layers share parameters.</summary>
    public static void Fold(ParameterSet parameters)
    {
        foreach (Node node in parameters.Graph.Affine.Where(n => n.Layer.SharedWith is null))
        {
            Parameter scale = parameters.Scale(node);
            float factor = scale.Read()[0];
            if (factor == 1) continue;
            parameters.Weight(node).Multiply(factor);
            parameters.Bias(node)?.Multiply(factor);
            scale.Fill(1);
        }
    }
}
