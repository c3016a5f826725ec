using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>What <c>detect eval</c> found.</summary>
/// <param name="Weights">The file.</param>
/// <param name="Net">Its net.</param>
/// <param name="Data">The data set, and the part of it.</param>
/// <param name="Pictures">Judged.</param>
/// <param name="Detections">In all of them.</param>
/// <param name="Seconds">It took.</param>
/// <param name="Values">«map», «map.area», «map.step».</param>
/// <param name="Classes">Each class.</param>
internal sealed record DetectEvalResult(
    string Weights, string Net, string Data, int Pictures, int Detections, double Seconds, IReadOnlyDictionary<string, double> Values, IReadOnlyList<DetectedClass> Classes)
{
    public static DetectEvalResult Of(DetectionEvaluation e, DetectionSet set, DetectorFile file) => new(
        file.Path, file.Info.Name, $"{set.Data.Name} {set.Data.Split}", e.Pictures, e.Detections, e.Seconds, e.Values().ToDictionary(v => v.Key, v => v.Value),
        [.. e.Precision.Classes.Select(c => new DetectedClass(c.Name, c.Ranking.Positives, c.By(AveragePrecisionRule.Voc11Point), c.By(AveragePrecisionRule.Area)))]);
}

/// <summary>A class: its objects, and its average precision; null where it has none.</summary>
internal sealed record DetectedClass(string Name, int Objects, double? Voc2007, double? Area);

/// <summary>What <c>detect show</c> found in a picture.</summary>
/// <param name="File">The picture.</param>
/// <param name="Picture">The drawn one.</param>
/// <param name="Objects">The surest first.</param>
internal sealed record DetectShowResult(string File, string Picture, IReadOnlyList<DetectedObject> Objects);

/// <summary>One object: pixels counted from 0, both ends included.</summary>
internal sealed record DetectedObject(string Class, double Score, double Left, double Top, double Right, double Bottom)
{
    public static DetectedObject Of(Found f, IReadOnlyList<string> classes) => new(classes[f.Class], f.Score, f.Box.Left, f.Box.Top, f.Box.Right, f.Box.Bottom);
}
