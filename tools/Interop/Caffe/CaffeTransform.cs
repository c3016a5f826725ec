using EvenNet.Interop.CaffeFormat;

namespace EvenNet.Interop;

/// <summary>How a net's data layer makes inputs of pictures.</summary>
/// <param name="Scale">Multiplied after the mean is subtracted.</param>
/// <param name="MeanValues">Of all channels, or one for all; none where there is a picture, or no mean.</param>
/// <param name="MeanFile">A mean picture, as the net names it.</param>
/// <param name="Mirror">Whether half of the pictures are mirrored.</param>
/// <param name="Batch">Pictures at a time; 0 where it is not said.</param>
public sealed record CaffeTransform(float Scale, IReadOnlyList<float> MeanValues, string? MeanFile, bool Mirror, int Batch)
{
    // The first layer of the state that reads pictures from a store.
    internal static CaffeTransform? Of(CaffeFile file, CaffeState state)
    {
        LayerParameter? layer = file.Net.Layer.FirstOrDefault(l => l.Type is "Data" or "ImageData" && CaffeStateRules.Includes(l, state));
        if (layer is null) return null;
        TransformationParameter p = layer.TransformParam ?? new();
        uint batch = layer.DataParam?.BatchSize ?? layer.ImageDataParam?.BatchSize ?? 0;
        return new(p.Scale, [.. p.MeanValue], p.HasMeanFile ? p.MeanFile : null, p.Mirror, (int)Math.Min(batch, int.MaxValue));
    }
}
