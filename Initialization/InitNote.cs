namespace EvenNet.Initialization;

/// <summary>Something that an initializer did otherwise than asked, and why. Never silent: every report carries its notes.</summary>
/// <param name="Layer">Where.</param>
/// <param name="Kind">«too-few-samples», «rank», «dead-filter», «empty-cluster», «not-homogeneous», «joined-paths», «constant-layer», «no-rate», «not-converged».</param>
/// <param name="Message">What was done, with both numbers and the way out.</param>
public sealed record InitNote(string Layer, string Kind, string Message);
