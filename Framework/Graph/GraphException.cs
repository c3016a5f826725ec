namespace EvenNet.Framework;

/// <summary>A net that cannot be: sizes that do not fit, a name used twice, a node that is not there.</summary>
public sealed class GraphException(string message) : Exception(message);
