namespace EvenNet.Cli;

/// <summary>What <c>bench data</c> measured.</summary>
/// <param name="Data">Folder or file, and the part of it.</param>
/// <param name="Samples">In it.</param>
/// <param name="Input">Channels × height × width of what is made.</param>
/// <param name="Batch">Samples at a time.</param>
/// <param name="OpenSeconds">Lists, labels and annotations, once.</param>
/// <param name="Net">That the loading is compared with; null where it is not.</param>
/// <param name="TrainingImagesPerSecond">What its training takes here; null where it was not measured.</param>
/// <param name="Loading">A line a number of workers.</param>
internal sealed record BenchDataResult(
    string Data, int Samples, string Input, int Batch, double OpenSeconds, string? Net, double? TrainingImagesPerSecond, IReadOnlyList<BenchLoading> Loading);

/// <summary>Loading with one number of workers.</summary>
/// <param name="Workers">Threads that decode.</param>
/// <param name="ImagesPerSecond">By the clock.</param>
/// <param name="ImagesPerProcessorSecond">By the processor time of the whole process.</param>
/// <param name="AllocatedBytesPerImage">Managed memory.</param>
/// <param name="TrainingRatio">Over what training takes; null where that was not measured.</param>
internal sealed record BenchLoading(int Workers, double ImagesPerSecond, double ImagesPerProcessorSecond, double AllocatedBytesPerImage, double? TrainingRatio);
