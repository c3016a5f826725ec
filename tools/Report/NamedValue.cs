namespace EvenNet.Report;

/// <summary>A line of a table: a setting or a version.</summary>
public sealed record NamedValue(string Name, string Value);
