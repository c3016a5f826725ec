using System.CommandLine;

namespace EvenNet.Cli;

/// <summary>
/// Where weights and report go. With --out the report lies beside the weights, w.report for w.safetensors, because people want to see it;
/// with --json, which programs ask for, only where --report says.
/// </summary>
internal sealed class OutputChoice
{
    private readonly Option<string?> weights = new("--out", "-o") { Description = "Write the weights here: safetensors, or another format by its extension.", HelpName = "FILE" };
    private readonly Option<string?> report = new("--report") { Description = "Write the report's folder here; by default beside --out, and with --json nowhere.", HelpName = "DIR" };
    private readonly Option<bool> noReport = new("--no-report") { Description = "Write no report." };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document." };

    public OutputChoice(Command command)
    {
        foreach (Option option in (Option[])[weights, report, noReport, json]) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(report) is not null && result.GetResult(noReport) is not null) result.AddError("--report and --no-report exclude each other");
        });
    }

    public bool IsJson(ParseResult options) => options.GetValue(json);

    public string? Weights(ParseResult options) => options.GetValue(weights);

    public string? Report(ParseResult options) =>
        options.GetValue(noReport) ? null
        : options.GetValue(report) is { } folder ? folder
        : options.GetValue(weights) is { } file && !IsJson(options) ? Path.ChangeExtension(file, ".report")
        : null;

    /// <summary>Fails now, and not after the work, where the files could not be written.</summary>
    public void Check(ParseResult options)
    {
        if (Weights(options) is { } file)
        {
            if (Directory.Exists(file)) throw new ToolException(ExitCode.Data, $"--out {file} is a folder; name a file in it");
            string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
            if (!Directory.Exists(folder)) throw new ToolException(ExitCode.Data, $"--out {file}: there is no folder {folder}");
        }
        if (Report(options) is { } place && File.Exists(place)) throw new ToolException(ExitCode.Data, $"the report's folder {place} is a file; choose another with --report DIR");
    }
}
