namespace EvenNet.Kernels;

/// <summary>Whether a native library is there: for <c>doctor</c>, and for the error of who needs it.</summary>
/// <param name="Name">The library's own name.</param>
/// <param name="IsFound">It was loaded and has every function that is called.</param>
/// <param name="Path">The file that was loaded, where the system says; null if none was.</param>
/// <param name="Version">What is known of its version, as text for a reader; null where nothing is.</param>
/// <param name="Tried">The names tried, in order.</param>
/// <param name="Problem">Why a library that was loaded is not used; null if it is, or if none was.</param>
public sealed record NativeLibraryStatus(string Name, bool IsFound, string? Path, string? Version, IReadOnlyList<string> Tried, string? Problem = null);
