namespace EvenNet.Report;

/// <summary>A layer's filters as one picture.</summary>
/// <param name="Layer">The layer's name.</param>
/// <param name="Png">A whole PNG file.</param>
/// <param name="Width">Its width in pixels.</param>
/// <param name="Height">Its height in pixels.</param>
public sealed record FilterPicture(string Layer, byte[] Png, int Width, int Height);
