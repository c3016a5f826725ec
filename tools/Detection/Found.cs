using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>One object that a detector says is there.</summary>
/// <param name="Class">Counted from 0, without the background.</param>
/// <param name="Score">What it is ranked by among those of its class.</param>
/// <param name="Box">In the picture's pixels.</param>
public readonly record struct Found(int Class, float Score, PixelBox Box);
