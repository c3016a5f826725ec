namespace EvenNet.Cli;

/// <summary>What <c>summary</c> finds.</summary>
internal sealed record SummaryResult(
    string Net, string Description, int Classes, long Parameters, long MultiplyAdds, int Batch, SummaryMemory Memory, IReadOnlyList<SummaryLayer> Layers);

/// <summary>One node. Output: channels, height, width.</summary>
internal sealed record SummaryLayer(string Name, string Type, int[] Output, long Parameters, long MultiplyAdds);

/// <summary>Bytes that a plan takes on this device: weights once, the arenas of the two plans.</summary>
internal sealed record SummaryMemory(string Device, long Weights, long Inference, long Training);
