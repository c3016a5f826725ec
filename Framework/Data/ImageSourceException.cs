namespace EvenNet.Framework;

/// <summary>A folder, list or data set has no usable pictures: says where was looked, what for, and what was found instead.</summary>
public sealed class ImageSourceException(string message, Exception? inner = null) : Exception(message, inner);
