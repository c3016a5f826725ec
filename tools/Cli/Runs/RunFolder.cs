using System.Text.Json;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>The folder of a report: <c>report.html</c> for people, <c>init-report.json</c> to make it again, a picture of each mosaic.</summary>
internal static class RunFolder
{
    public const string JsonName = "init-report.json", HtmlName = "report.html";

    /// <summary>Writes each file whole or not at all and returns the page's path.</summary>
    public static string Write(string folder, RunReport report)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, JsonName), ReportJson.Write(report));
        foreach (MethodReport method in report.Methods)
            foreach (FilterPicture picture in method.Filters)
            {
                string name = report.Methods.Count == 1 ? $"filters-{Safe(picture.Layer)}.png" : $"filters-{Safe(picture.Layer)}-{Safe(method.Name)}.png";
                AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(picture.Png), picture.Png.Length);
            }
        string page = Path.Combine(folder, HtmlName);
        HtmlReport.Write(page, report);
        return page;
    }

    /// <summary>Reads the report of a folder, or such a file.</summary>
    public static RunReport Read(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, JsonName) : path;
        if (!File.Exists(file)) throw new ToolException(ExitCode.Data, $"no report in {path}: {file} does not exist; evennet init … --report {Text.Quoted(path)} writes one");
        try
        {
            RunReport report = ReportJson.Read(File.ReadAllText(file));
            return report.Methods.Count > 0 && report.Methods.All(m => m.Layers.Count > 0) ? report : throw new JsonException("it has no method, or one without layers");
        }
        catch (JsonException error)
        {
            throw new ToolException(ExitCode.Data, $"{file} is no report of this program: {error.Message}", error);
        }
    }

    // Layers of some nets have a slash in their names, methods a plus and spaces.
    private static string Safe(string name) =>
        string.Join('-', string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '_' or '.' ? c : ' ')).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
