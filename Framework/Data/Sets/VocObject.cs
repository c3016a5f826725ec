namespace EvenNet.Framework;

/// <summary>One object of a VOC picture.</summary>
/// <param name="Class">Index in <see cref="VocDataset.ClassNames"/>.</param>
/// <param name="Box">Counted from 0; in the files from 1.</param>
/// <param name="IsDifficult">Not to be judged.</param>
/// <param name="IsTruncated">Reaches beyond its box.</param>
public sealed record VocObject(int Class, PixelBox Box, bool IsDifficult, bool IsTruncated);
