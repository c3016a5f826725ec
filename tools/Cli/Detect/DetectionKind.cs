namespace EvenNet.Cli;

/// <summary>What detectors are trained with where nothing is said: Girshick's numbers, with the paper's schedule.</summary>
internal static class DetectionKind
{
    /// <summary>Of a run's record: what its data are for.</summary>
    public const string Setting = "detection";

    public static TrainingKind Kind { get; } = new("voc", "A PASCAL VOC data set: VOCdevkit, or a year's folder in it.", IsFile: false, "test",
        "Fast R-CNN (Girshick 2015) with the schedule of Krähenbühl et al. 2016", new Dictionary<string, string>
        {
            ["split"] = "trainval",
            ["net"] = "caffenet",
            ["iterations"] = "150000",
            ["batch"] = "2",
            ["regions"] = "64",
            ["rate"] = "0.001",
            ["policy"] = "step",
            ["factor"] = "0.1",
            ["step"] = "50000",
            ["sides"] = "600",
            ["test-side"] = "600",
        });
}
