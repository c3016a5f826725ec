using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Carries the training of a detector out.</summary>
internal sealed class DetectionConduct(DetectionSession session, RunFiles files, RunRecord record, string command) : RunConduct<DetectionSession>(session.Verb, session, files, record, command)
{
    protected override IReadOnlyDictionary<string, string> Metadata
    {
        get
        {
            Dictionary<string, string> all = Weights.Metadata(Session.Info.Name, Session.Classes.Count, Session.Options.GetRequiredValue(Session.Verb.Start.Init), "", Session.Seed);
            foreach ((string key, string value) in DetectorFile.Metadata(Session.Net, Session.Loader.Scaling)) all[key] = value;
            return all;
        }
    }

    protected override string Contents => "curves, detections";

    protected override string EvalCommand => $"evennet detect eval --voc {Text.Quoted(Session.Options.GetRequiredValue(Session.Verb.Data.Place))}";

    protected override TrainingRun Make(CheckpointFolder checkpoints, TrainingOptions plan, MonitoredValue? monitored) =>
        new(Session.Trainer, Files, checkpoints, plan) { Evaluator = Session.Evaluator, Monitored = monitored };

    protected override void Write(IEvaluation evaluation)
    {
        DetectionRecord.Of((DetectionEvaluation)evaluation, Session.TestData!, Session.Trainer.Solver.Iteration).Write(Files.Evaluation);
        DetectionPictures.Write(Files.Folder, Session.TestData!, Session.Evaluator!.Found);
    }

    protected override void Print(IEvaluation evaluation, Ui ui) => DetectionTables.Print((DetectionEvaluation)evaluation, Session.TestData!, ui);

    protected override string Advice(string rate) => $"Try a lower --rate (it was {rate}) or clip gradients (--clip 10)";

    protected override string Speed(double imagesPerSecond, double waitShare) => $"{Text.Fixed(imagesPerSecond, 2)} pictures/s";
}
