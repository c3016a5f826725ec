using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>A graph built from a Caffe net. Its nodes are named after Caffe's layers, its inputs after their blobs.</summary>
/// <param name="Graph">What the net's outputs depend on.</param>
/// <param name="Notes">What was read otherwise than the file has it, or passed over.</param>
/// <param name="Multipliers">Factors on the solver's rate and decay of each parameter, «conv1.weight»; one where the file says nothing, for biases too.</param>
public sealed record CaffeGraph(Graph Graph, IReadOnlyList<string> Notes, IReadOnlyDictionary<string, (float Rate, float Decay)> Multipliers)
{
    /// <summary>The node that holds each blob at the end, after the layers that work in place.</summary>
    public required IReadOnlyDictionary<string, Node> Blobs { get; init; }

    /// <summary>Sets the file's factors on rate and decay.</summary>
    public void ApplyMultipliers(ParameterSet parameters)
    {
        foreach ((string name, (float rate, float decay)) in Multipliers)
            if (parameters.TryGet(name, out Parameter? parameter)) (parameter!.LearningRate, parameter.Decay) = (rate, decay);
    }
}
