namespace EvenNet.Report;

/// <summary>One initialization (a method, or a weight file) as it was measured.</summary>
public sealed record MethodReport
{
    /// <summary>«k-means», or a file's name.</summary>
    public required string Name { get; init; }

    /// <summary>Affine layers in graph order.</summary>
    public required IReadOnlyList<LayerReport> Layers { get; init; }

    /// <summary>Largest over smallest layer rate; 1 is even.</summary>
    public required double Flatness { get; init; }

    /// <summary>Largest relative change of the net's output by the rescaling; null where nothing was rescaled.</summary>
    public double? FunctionChange { get; init; }

    /// <summary>Where the method could not do what it says and did something else.</summary>
    public IReadOnlyList<string> Fallbacks { get; init; } = [];

    /// <summary>Remarks that call for no action.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Pictures of filters: the first layer's, usually.</summary>
    public IReadOnlyList<FilterPicture> Filters { get; init; } = [];
}
