namespace EvenNet.Framework;

/// <summary>A picture that was not used, and why.</summary>
public readonly record struct SkippedImage(string Path, string Reason);

/// <summary>Decoded pictures, and what there is to say about them.</summary>
/// <param name="Batch">As many as were asked for, in the sample's order.</param>
/// <param name="Distinct">Different pictures among them; fewer than the batch holds where the source is too small.</param>
/// <param name="Skipped">Those that could not be decoded; others took their places.</param>
/// <param name="TooSmall">Those with a side under <see cref="ImageLoader.SmallSide"/> pixels: used, but mostly made up by the enlargement.</param>
public sealed record LoadedImages(Batch Batch, int Distinct, IReadOnlyList<SkippedImage> Skipped, IReadOnlyList<string> TooSmall);
