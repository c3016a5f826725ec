namespace EvenNet.Cli;

/// <summary>What <c>detect propose</c> found.</summary>
/// <param name="Pictures">With their boxes in the output.</param>
/// <param name="Boxes">Of all pictures together.</param>
/// <param name="Searched">Pictures that were searched now.</param>
/// <param name="Cached">Pictures whose boxes were kept from before.</param>
/// <param name="Skipped">Broken pictures.</param>
/// <param name="Seconds">The whole took.</param>
/// <param name="ProcessorSecondsPerPicture">Of one core, for each picture that was searched, its decoding included; null where none was.</param>
/// <param name="Output">The file, if one was written.</param>
/// <param name="Recall">Where the pictures have annotations.</param>
internal sealed record ProposeResult(int Pictures, long Boxes, int Searched, int Cached, IReadOnlyList<string> Skipped, double Seconds, double? ProcessorSecondsPerPicture, string? Output, RecallResult? Recall);

/// <summary>How many objects are found.</summary>
/// <param name="Pictures">With annotations.</param>
/// <param name="Objects">Not difficult.</param>
/// <param name="ByCount">With the first boxes of each picture.</param>
/// <param name="Classes">With all boxes that were kept.</param>
internal sealed record RecallResult(int Pictures, int Objects, IReadOnlyList<RecallRow> ByCount, IReadOnlyList<ClassRecall> Classes);

/// <summary>Recall with so many boxes a picture at most.</summary>
/// <param name="Most">Boxes.</param>
/// <param name="MeanBoxes">Boxes that pictures have in fact.</param>
/// <param name="At50">Share of objects overlapped by 0.5 and more.</param>
/// <param name="At70">By 0.7.</param>
/// <param name="MeanBestOverlap">Of the classes' means.</param>
internal sealed record RecallRow(int Most, double MeanBoxes, double At50, double At70, double MeanBestOverlap);

/// <summary>Recall of a class's objects at an overlap of 0.5; NaN where there is no object.</summary>
internal sealed record ClassRecall(string Name, double At50);
