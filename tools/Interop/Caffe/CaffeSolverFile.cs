using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;

namespace EvenNet.Interop;

/// <summary>How Caffe trains a net: a text, «solver.prototxt», with the net's file, the rate and its policy, and the solver's kind.</summary>
public sealed class CaffeSolverFile
{
    private readonly string path;
    private readonly SolverParameter solver;

    private CaffeSolverFile(string path, SolverParameter solver, IReadOnlyList<string> notes)
    {
        (this.path, this.solver, Notes) = (path, solver, notes);
        Rate = ReadPolicy();
        if (Kind is not ("SGD" or "Nesterov" or "Adam" or "RMSProp")) throw Wrong($"the solver {Kind} is not supported; there are SGD, Nesterov, Adam, RMSProp");
        if (solver.RegularizationType is not ("L2" or "L1")) throw Wrong($"regularization_type is {solver.RegularizationType}; there are L1 and L2");
        if (solver.IterSize < 1) throw Wrong($"iter_size must be positive, got {solver.IterSize}");
    }

    /// <summary>What was passed over, with line and column.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The net's file, as the solver names it; null where the net stands in the solver's file or nowhere.</summary>
    public string? NetPath => solver.HasNet ? solver.Net : solver.HasTrainNet ? solver.TrainNet : null;

    /// <summary>The last iteration.</summary>
    public int Iterations => solver.MaxIter;

    /// <summary>The rate at every iteration.</summary>
    public Schedule Rate { get; }

    /// <summary>The rate's policy, «fixed», «step», «multistep», «exp», «inv», «poly», «sigmoid».</summary>
    public string Policy => solver.LrPolicy;

    /// <summary>The first rate, and what the policy makes of it.</summary>
    public (float Rate, float Gamma, float Power) Rates => (solver.BaseLr, solver.Gamma, solver.Power);

    /// <summary>Iterations between two changes of the rate, or of half of it (sigmoid).</summary>
    public int StepSize => solver.Stepsize;

    /// <summary>Iterations at which the rate changes.</summary>
    public IReadOnlyList<int> StepValues => solver.Stepvalue;

    /// <summary>Momentum, and those of Adam's and RMSProp's squares.</summary>
    public (float First, float Second, float RmsDecay) Momenta => (solver.Momentum, solver.Momentum2, solver.RmsDecay);

    /// <summary>What keeps the divisor of Adam and RMSProp from zero.</summary>
    public float Delta => solver.Delta;

    /// <summary>Weight decay, and whether it pulls by the weights' signs.</summary>
    public (float Strength, bool IsOfMagnitudes) Decay => (solver.WeightDecay, solver.RegularizationType == "L1");

    /// <summary>Largest norm of all gradients together; 0 for any.</summary>
    public float ClipNorm => Math.Max(0, solver.ClipGradients);

    /// <summary>Batches whose gradients a step averages.</summary>
    public int Accumulate => solver.IterSize;

    /// <summary>Iterations between two tests, and between two states that are saved; 0 for none.</summary>
    public (int Test, int Snapshot) Intervals => (solver.TestInterval, solver.Snapshot);

    /// <summary>The seed; null where any will do.</summary>
    public ulong? Seed => solver.RandomSeed >= 0 ? (ulong)solver.RandomSeed : null;

    /// <summary>Whether the net stands in the solver's file itself, which is not read.</summary>
    public bool HoldsNet => solver.NetParam is not null || solver.TrainNetParam is not null;

    /// <summary>«SGD», «Nesterov», «Adam», «RMSProp».</summary>
    public string Kind => solver.HasType || !solver.HasSolverType ? solver.Type : solver.SolverType switch
    {
        SolverParameter.Types.SolverType.Sgd => "SGD",
        SolverParameter.Types.SolverType.Nesterov => "Nesterov",
        SolverParameter.Types.SolverType.Rmsprop => "RMSProp",
        SolverParameter.Types.SolverType.Adam => "Adam",
        _ => solver.SolverType.ToString(),
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="NetFormatException">It is not in the format, or asks for what is not supported.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static CaffeSolverFile Read(string path) => Parse(File.ReadAllText(path), path);

    /// <summary>Reads a text that is at hand.</summary>
    /// <exception cref="NetFormatException">It is not in the format, or asks for what is not supported.</exception>
    public static CaffeSolverFile Parse(string text, string path)
    {
        var solver = new SolverParameter();
        TextFormatReader reader = TextFormatReader.Read(text, path, solver);
        return new(path, solver, [.. reader.Notes.Select(n => $"{path}:{n.At.Line}:{n.At.Column}: {n.Message}; passed over")]);
    }

    /// <summary>A solver with these settings.</summary>
    public Solver Open(ParameterSet parameters)
    {
        DecayKind decay = Decay.IsOfMagnitudes ? DecayKind.Magnitudes : DecayKind.Squares;
        return Kind switch
        {
            "Adam" => new AdamSolver(parameters) { Rate = Rate, Decay = Decay.Strength, DecayKind = decay, ClipNorm = ClipNorm, Accumulate = Accumulate, Beta1 = Momenta.First, Beta2 = Momenta.Second, Delta = Delta },
            "RMSProp" => new RmsPropSolver(parameters) { Rate = Rate, Decay = Decay.Strength, DecayKind = decay, ClipNorm = ClipNorm, Accumulate = Accumulate, Rho = Momenta.RmsDecay, Delta = Delta },
            _ => new SgdSolver(parameters) { Rate = Rate, Decay = Decay.Strength, DecayKind = decay, ClipNorm = ClipNorm, Accumulate = Accumulate, Momentum = Momenta.First, Nesterov = Kind == "Nesterov" },
        };
    }

    private NetFormatException Wrong(string reason) => new(path, reason);

    private Schedule ReadPolicy()
    {
        float rate = solver.BaseLr, gamma = solver.Gamma, power = solver.Power;
        try
        {
            return solver.LrPolicy switch
            {
                "fixed" => Schedule.Fixed(rate),
                "step" => Schedule.Step(rate, gamma, solver.Stepsize),
                "multistep" => Schedule.Steps(rate, gamma, [.. solver.Stepvalue]),
                "exp" => Schedule.Exponential(rate, gamma),
                "inv" => Schedule.Inverse(rate, gamma, power),
                "poly" => Schedule.Polynomial(rate, power, solver.MaxIter),
                "sigmoid" => Schedule.Sigmoid(rate, gamma, solver.Stepsize),
                "" => throw Wrong("has no lr_policy; there are fixed, step, multistep, exp, inv, poly, sigmoid"),
                string other => throw Wrong($"the lr_policy {other} is not known; there are fixed, step, multistep, exp, inv, poly, sigmoid"),
            };
        }
        catch (ArgumentException error)
        {
            throw new NetFormatException(path, $"lr_policy {solver.LrPolicy}: {error.Message}", error);
        }
    }
}
