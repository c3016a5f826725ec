using System.CommandLine;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>How weights are changed, and by which rates.</summary>
internal sealed class SolverChoice
{
    private static readonly string[] Solvers = ["sgd", "nesterov", "adam", "rmsprop"];
    private static readonly string[] Policies = ["fixed", "step", "steps", "exponential", "inverse", "polynomial", "sigmoid", "cosine"];

    private readonly Option<string> solver, policy;
    private readonly Option<float> rate, factor, power, least, momentum, momentum2, rmsDecay, delta, decay, clip;
    private readonly Option<int> step, middle, warmUp, accumulate;
    private readonly Option<int[]> at;
    private readonly Option<bool> l1;

    public SolverChoice(TrainingOptionSet set)
    {
        solver = set.Add<string>("solver", $"{string.Join(", ", Solvers)}; or a solver file of Caffe's (.prototxt), whose settings then are the defaults of these options.", "NAME|FILE").RequireOneOf(Solvers, CaffeSettings.IsSolver);
        rate = set.Add<float>("rate", "Learning rate.", "X");
        policy = set.Add<string>("policy", $"How the rate changes: {string.Join(", ", Policies)}.", "NAME").RequireOneOf(Policies);
        factor = set.Add<float>("factor", "Of the policies step, steps, exponential, inverse, sigmoid.", "X");
        step = set.Add<int>("step", "Iterations between two changes, for step.", "N");
        at = set.Add<int[]>("at", "Iterations of the changes, for steps.", "N");
        power = set.Add<float>("power", "For inverse and polynomial.", "X");
        middle = set.Add<int>("middle", "Iteration of half the rate, for sigmoid.", "N");
        least = set.Add<float>("least", "The last rate, for cosine; 0 by default.", "X");
        warmUp = set.Add<int>("warm-up", "Iterations over which the rate first grows.", "N");
        momentum = set.Add<float>("momentum", "Of sgd and nesterov; beta 1 of adam.", "X");
        momentum2 = set.Add<float>("momentum2", "Beta 2 of adam.", "X");
        rmsDecay = set.Add<float>("rms-decay", "Share of the old squares, for rmsprop.", "X");
        delta = set.Add<float>("delta", "What keeps the divisor from zero, for adam and rmsprop.", "X");
        decay = set.Add<float>("decay", "Weight decay.", "X");
        l1 = set.Flag("l1", "Decay by the weights' signs instead of by the weights.");
        clip = set.Add<float>("clip", "Largest norm of all gradients together; 0 for any.", "X");
        accumulate = set.Add<int>("accumulate", "Batches whose gradients one step averages.", "N");
        at.AllowMultipleArgumentsPerToken = true;
        rate.RequireBetween(0, 1e6);
        momentum.RequireBetween(0, 1);
        momentum2.RequireBetween(0, 1);
        rmsDecay.RequireBetween(0, 1);
        delta.RequireBetween(0, 1e6);
        decay.RequireBetween(0, 1e6);
        clip.RequireBetween(0, 1e30);
        step.RequireAtLeast(1);
        warmUp.RequireAtLeast(0);
        accumulate.RequireAtLeast(1);
    }

    /// <summary>The schedule for a run of so many iterations.</summary>
    /// <exception cref="ToolException">The policy lacks what it needs.</exception>
    public Schedule Schedule(ParseResult options, int iterations)
    {
        if (CaffeSettings.IsSolver(options.GetRequiredValue(solver))) throw new ToolException(ExitCode.Usage, $"--solver {options.GetRequiredValue(solver)}: solver files are read by evennet train alone; name one of {string.Join(", ", Solvers)}");
        float r = options.GetValue(rate), f = options.GetValue(factor);
        Schedule schedule = options.GetValue(policy) switch
        {
            "fixed" => Framework.Schedule.Fixed(r),
            "step" => Framework.Schedule.Step(r, f, Require(options, step, "step")),
            "steps" => Framework.Schedule.Steps(r, f, options.GetValue(at) is { Length: > 0 } places ? places : throw Lacks("steps", at)),
            "exponential" => Framework.Schedule.Exponential(r, f),
            "inverse" => Framework.Schedule.Inverse(r, f, options.GetValue(power)),
            "polynomial" => Framework.Schedule.Polynomial(r, options.GetValue(power), iterations),
            "sigmoid" => Framework.Schedule.Sigmoid(r, f, Require(options, middle, "sigmoid")),
            _ => Framework.Schedule.Cosine(r, iterations, options.GetValue(least)),
        };
        return options.GetValue(warmUp) is > 0 and var first ? schedule.WarmUp(first) : schedule;
    }

    /// <summary>The solver.</summary>
    public Solver Make(ParseResult options, ParameterSet parameters, Schedule schedule, OrthonormalRegularizer? regularizer)
    {
        string name = options.GetRequiredValue(solver);
        float first = options.GetValue(momentum), pull = options.GetValue(decay), most = options.GetValue(clip);
        // Runs that were begun before there was this option have no value of it.
        float small = options.GetResult(delta) is null ? 1e-8f : options.GetValue(delta);
        int passes = options.GetValue(accumulate);
        DecayKind kind = options.GetValue(l1) ? DecayKind.Magnitudes : DecayKind.Squares;
        return name switch
        {
            "adam" => new AdamSolver(parameters) { Rate = schedule, Beta1 = first, Beta2 = options.GetValue(momentum2), Delta = small, Decay = pull, DecayKind = kind, ClipNorm = most, Accumulate = passes, Regularizer = regularizer },
            "rmsprop" => new RmsPropSolver(parameters) { Rate = schedule, Rho = options.GetValue(rmsDecay), Delta = small, Decay = pull, DecayKind = kind, ClipNorm = most, Accumulate = passes, Regularizer = regularizer },
            _ => new SgdSolver(parameters) { Rate = schedule, Momentum = first, Nesterov = name == "nesterov", Decay = pull, DecayKind = kind, ClipNorm = most, Accumulate = passes, Regularizer = regularizer },
        };
    }

    /// <summary>Batches of a step.</summary>
    public int Accumulate(ParseResult options) => options.GetValue(accumulate);

    private static int Require(ParseResult options, Option<int> option, string policy) => options.GetResult(option) is { Implicit: false } ? options.GetValue(option) : throw Lacks(policy, option);

    private static ToolException Lacks(string policy, Option option) => new(ExitCode.Usage, $"--policy {policy} needs {option.Name}");
}
