using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>What a training needs, opened and checked in the order in which mistakes are cheap to find; closed in the opposite order.</summary>
internal abstract class RunSession : IDisposable
{
    private readonly List<IDisposable> owned = [];

    protected RunSession(ParseResult options, IReadOnlyDictionary<string, string> settings)
    {
        (Options, Settings) = (options, settings);
        Files = new ImageFiles(Own(new JpegDecoder()));
    }

    /// <summary>The settings as a command line, every option that has a value named.</summary>
    public ParseResult Options { get; }

    public IReadOnlyDictionary<string, string> Settings { get; }

    public NetInfo Info { get; protected set; } = null!;

    public ulong Seed { get; protected set; }

    public Backend Backend { get; protected set; } = null!;

    public ParameterSet Parameters { get; protected set; } = null!;

    public abstract ITrainer Trainer { get; }

    /// <summary>What is learned to tell apart.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>What is judged on, or null.</summary>
    public abstract Dataset? Judged { get; }

    /// <summary>What a run is called that was given no name.</summary>
    public abstract string Called { get; }

    /// <summary>Judges a little, so that what cannot be judged is known before the training; says how much.</summary>
    public abstract string Judge();

    /// <summary>The loss of the last step and its parts: «loss 2.1».</summary>
    public virtual string Loss(double loss) => $"loss {Text.Fixed(loss, 4)}";

    /// <summary>Carries the training out.</summary>
    public abstract int Conduct(RunFiles files, RunRecord record, string command, Ui ui, bool isJson, CancellationToken cancellation);

    protected ImageFiles Files { get; }

    public void Dispose()
    {
        for (int i = owned.Count - 1; i >= 0; i--) owned[i].Dispose();
    }

    /// <summary>Builds a session; where that fails, what was opened is closed.</summary>
    protected static T Built<T>(T session, Action<T> build) where T : RunSession
    {
        try
        {
            build(session);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    protected T Own<T>(T part) where T : IDisposable
    {
        owned.Add(part);
        return part;
    }
}
