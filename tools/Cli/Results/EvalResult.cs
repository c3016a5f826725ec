using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>What <c>eval</c> found.</summary>
/// <param name="Weights">The file.</param>
/// <param name="Net">Its net.</param>
/// <param name="Data">The folder or file, and the part of it.</param>
/// <param name="Pictures">Judged.</param>
/// <param name="Views">Of each.</param>
/// <param name="Seconds">It took.</param>
/// <param name="Values">«loss», «map», «map.area», «map.step», or «top1» and «top5».</param>
/// <param name="Classes">Each class.</param>
internal sealed record EvalResult(string Weights, string Net, string Data, int Pictures, int Views, double Seconds, IReadOnlyDictionary<string, double> Values, IReadOnlyList<EvalClass> Classes)
{
    public static EvalResult Of(Evaluation e, string weights, string net) => new(weights, net, $"{e.Set.Name} {e.Set.Split}", e.Set.Count, e.Views, e.Seconds, e.Values().ToDictionary(v => v.Key, v => v.Value),
        e.Precision is { } precision
            ? [.. precision.Classes.Select(c => new EvalClass(c.Name, c.Ranking.Positives, c.By(AveragePrecisionRule.Voc11Point), c.By(AveragePrecisionRule.Area), c.By(AveragePrecisionRule.Step), null, null))]
            : [.. e.Set.Classes.Select((name, c) => new EvalClass(name, Enumerable.Range(0, e.Set.Classes.Count).Sum(o => (int)e.Confusion![c, o]), null, null, null, e.Confusion!.Recall(c), e.Confusion.Precision(c)))]);
}

/// <summary>A class: average precision by three rules where pictures show several classes, recall and precision where they show one. Null where there is nothing to judge.</summary>
internal sealed record EvalClass(string Name, int Pictures, double? Voc2007, double? Area, double? Step, double? Recall, double? Precision);
