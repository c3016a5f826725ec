using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Carries the training of a classifier out.</summary>
internal sealed class TrainingConduct(TrainingSession session, RunFiles files, RunRecord record, string command) : RunConduct<TrainingSession>(session.Verb, session, files, record, command)
{
    protected override IReadOnlyDictionary<string, string> Metadata =>
        Weights.Metadata(Session.Info.Name, Session.Classes.Count, Session.Options.GetRequiredValue(Session.Verb.Start.Init), Session.Verb.Start.Between(Session.Options), Session.Seed);

    protected override string Contents => "curves, figures";

    protected override string EvalCommand => $"evennet eval {Session.Verb.Kind.Name} --{Session.Verb.Kind.Name} {Text.Quoted(Session.Options.GetRequiredValue(Session.Verb.Data.Place))}";

    protected override TrainingRun Make(CheckpointFolder checkpoints, TrainingOptions plan, MonitoredValue? monitored) => new(Session.Trainer, Files, checkpoints, plan)
    {
        Evaluator = Session.Evaluator,
        FinalEvaluator = Session.FinalEvaluator,
        Monitored = monitored,
        Measurements = Session.Measurements,
        State = Session.Modulation is { } modulation ? () => [new(TrainingSession.ModulationKey, modulation.State())] : null,
    };

    protected override void Write(IEvaluation evaluation) => (EvaluationRecord.Of((Evaluation)evaluation) with { Iteration = Session.Trainer.Solver.Iteration }).Write(Files.Evaluation);

    protected override void Print(IEvaluation evaluation, Ui ui) => EvaluationTables.Print((Evaluation)evaluation, ui);

    protected override string Advice(string rate)
    {
        bool isBlind = Initialization.InitMethods.Blind.Contains(Session.Options.GetRequiredValue(Session.Verb.Start.Init));
        return $"Try a lower --rate (it was {rate}; --find-rate looks for one), clip gradients (--clip 10){(isBlind ? ", or let pictures set the weights (--init kmeans)" : "")}";
    }

    protected override string Speed(double imagesPerSecond, double waitShare) => $"{Text.Fixed(imagesPerSecond, 1)} images/s, {Text.Fixed(100 * waitShare, 0)} % of the time waiting for data";
}
