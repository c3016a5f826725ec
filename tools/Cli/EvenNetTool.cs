using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Interop;

namespace EvenNet.Cli;

/// <summary>The command line <c>evennet</c>: parses, runs a verb, and turns what went wrong into a message and an exit code.</summary>
internal static class EvenNetTool
{
    /// <summary>«0.1.0».</summary>
    public static string Version { get; } =
        typeof(EvenNetTool).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs one command line and returns its <see cref="ExitCode"/>.</summary>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken cancellation)
    {
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Only results, warnings and errors.", Recursive = true };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Show where in the program an error came from.", Recursive = true };
        RootCommand root = Root();
        root.Options.Add(quiet);
        root.Options.Add(verbose);

        ParseResult parsed = root.Parse(arguments);
        var ui = new Ui(terminal, parsed.GetValue(quiet), parsed.GetValue(verbose));
        try
        {
            if (parsed.Action is not (null or ParseErrorAction))
                return parsed.Invoke(new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false });
            if (arguments.Length == 0) return Help(root, terminal);
            if (parsed.Errors.Count > 0 || parsed.CommandResult.Command is not Verb verb) return Misused(parsed, ui);
            return verb.Run(parsed, ui, cancellation);
        }
        catch (Exception error)
        {
            return Failed(error, ui, cancellation);
        }
        finally
        {
            terminal.Output.Flush();
            terminal.Error.Flush();
        }
    }

    /// <summary>All commands, in the order of the help.</summary>
    public static IReadOnlyList<Verb> Verbs => [new DemoVerb(), new InitVerb(), new DiagnoseVerb(), new TrainVerb(), new EvalVerb(), new DetectVerb(), new MatrixVerb(), new ReportVerb(), new SummaryVerb(), new ClassifyVerb(), new NeighborsVerb(), new ConvertVerb(), new BenchVerb(), new DoctorVerb()];

    private static RootCommand Root()
    {
        var root = new RootCommand("Convolutional nets initialized from data, so that every layer learns at an even rate.");
        foreach (Verb verb in Verbs) root.Subcommands.Add(verb);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    // Nothing was asked for, so this is no result.
    private static int Help(RootCommand root, Terminal terminal)
    {
        root.Parse("--help").Invoke(new InvocationConfiguration { Output = terminal.Error, Error = terminal.Error });
        return ExitCode.Usage;
    }

    private static int Misused(ParseResult parsed, Ui ui)
    {
        Command command = parsed.CommandResult.Command;
        foreach (string token in parsed.UnmatchedTokens)
        {
            bool isOption = token.StartsWith('-');
            IEnumerable<string> names = isOption ? Names(parsed.CommandResult) : command.Subcommands.Select(c => c.Name);
            ui.Fail(!isOption && command.Subcommands.Count == 0
                ? $"unexpected argument {token}"
                : $"no {(isOption ? "option" : "command")} named {token}; did you mean {NearestName.Of(token, names)}?");
            // What follows an unknown command cannot be judged.
            if (!isOption && command.Subcommands.Count > 0) break;
        }
        // What the parser says of an unmatched token repeats the lines above, and the errors that follow from it say nothing.
        if (parsed.UnmatchedTokens.Count == 0 && command is Verb && command.Subcommands.Count > 0)
            ui.Fail($"{command.Name} needs one of its commands: {string.Join(", ", command.Subcommands.Select(c => c.Name))}");
        else if (parsed.UnmatchedTokens.Count == 0)
            foreach (string message in parsed.Errors.Select(e => e.Message).Distinct()) ui.Fail(message.TrimEnd());
        ui.Note("help", $"{Path(parsed.CommandResult)} --help");
        return ExitCode.Usage;
    }

    // «evennet bench net», whatever the program's file is called.
    private static string Path(System.CommandLine.Parsing.CommandResult at)
    {
        string path = "";
        for (System.CommandLine.Parsing.SymbolResult? r = at; r is System.CommandLine.Parsing.CommandResult { Parent: not null } command; r = r.Parent)
            path = $" {command.Command.Name}{path}";
        return $"evennet{path}";
    }

    private static IEnumerable<string> Names(System.CommandLine.Parsing.SymbolResult? at)
    {
        for (; at is not null; at = at.Parent)
            if (at is System.CommandLine.Parsing.CommandResult result)
                foreach (Option option in result.Command.Options.Where(o => result.Parent is null || !o.Hidden)) yield return option.Name;
    }

    private static int Failed(Exception error, Ui ui, CancellationToken cancellation)
    {
        // Parallel loops wrap what their bodies throw.
        while (error is AggregateException { InnerException: { } inner }) error = inner;
        (int code, string message) = error switch
        {
            OperationCanceledException when cancellation.IsCancellationRequested => (ExitCode.Interrupted, "interrupted; nothing was written"),
            ToolException own => (own.ExitCode, own.Message),
            DivergenceException => (ExitCode.Diverged, error.Message),
            ImageFormatException { IsDecoderMissing: true } => (ExitCode.Device, error.Message),
            ImageFormatException or ImageSourceException or WeightsFormatException or NetFormatException or MatFormatException or ProposalsException => (ExitCode.Data, error.Message),
            BackendException or DllNotFoundException or EntryPointNotFoundException => (ExitCode.Device, error.Message),
            OutOfMemoryException => (ExitCode.OutOfMemory, $"out of memory: {error.Message} Fewer images (--count) or a smaller net need less."),
            FileNotFoundException { FileName: { } file } => (ExitCode.Data, $"There is no file {file}.{MissingPath.Guess(file)}"),
            IOException or UnauthorizedAccessException => (ExitCode.Data, error.Message),
            GraphException or ArgumentException => (ExitCode.Usage, error.Message),
            _ => (ExitCode.Usage, $"{error.Message} (a fault of this program: {error.GetType().Name}; run again with --verbose for its place)"),
        };
        ui.Fail(message);
        if (ui.IsVerbose) ui.Note(error.ToString());
        return code;
    }

    private sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int code = inner.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            Command command = parseResult.CommandResult.Command;
            output.WriteLine(command is Verb ? "Examples:" : "Example:");
            foreach (string example in command is Verb verb ? verb.Examples : ["evennet demo"]) output.WriteLine($"  {example}");
            output.WriteLine();
            output.WriteLine("Exit codes:");
            output.WriteLine("  0 ok · 1 usage · 2 data or file · 3 device or library · 4 diverged · 5 out of memory · 130 interrupted");
            return code;
        }
    }
}
