namespace EvenNet.Framework;

/// <summary>A device that is not there, a kernel that is missing, or a device's own failure.</summary>
public class BackendException(string message) : Exception(message);
