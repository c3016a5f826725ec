namespace EvenNet.Framework;

/// <summary>A folder, list or data set is not there, is broken or does not fit together: says where was looked, what for, and what was found instead.</summary>
public sealed class ImageSourceException(string message, Exception? inner = null) : Exception(message, inner);
