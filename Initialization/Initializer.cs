using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// The whole of an initialization: weights, within-layer step, between-layer step, the proof that the function was kept, the rates that
/// resulted, the classifiers zeroed last.
/// </summary>
public static class Initializer
{
    // The final measurement draws its noise apart from the rescaler's sweeps.
    private const uint ProofDraw = 1 << 16;

    /// <summary>Initializes <paramref name="parameters"/> from images: count × input shape, as the net takes them.</summary>
    /// <exception cref="ArgumentException">An option does not exist or does not fit.</exception>
    /// <exception cref="GraphException">The net has a layer that the between-layer mode cannot rescale.</exception>
    public static InitReport Run(
        ParameterSet parameters, float[] images, int count, InitOptions options, IProgress<InitProgress>? progress = null, CancellationToken cancellation = default)
    {
        bool isLsuv = InitMethods.Lsuv.Contains(options.Method);
        IWeightFiller? filler = InitMethods.Filler(options.Method, options.Within);
        string between = options.Between ?? (options.KeepExisting && !isLsuv ? "scale-layers" : InitMethods.DefaultBetween(options.Method));
        IRescaler? rescaler = InitMethods.Rescaler(between, options);
        // Before anything has changed.
        (rescaler as MultiplicativeRescaler)?.Require(parameters.Graph);
        var times = new List<StageTime>();
        var clock = Stopwatch.StartNew();
        void Stage(string name)
        {
            times.Add(new StageTime(name, clock.Elapsed.TotalSeconds));
            clock.Restart();
        }

        WithinLayerReport? within = null;
        LsuvReport? lsuv = null;
        if (isLsuv)
        {
            if (!options.KeepExisting) InitMethods.BlindInit(options.Start, options.Fills).Apply(parameters, options.Seed);
            lsuv = InitMethods.LsuvInit(options.Method).Apply(parameters, images, count, options.Seed, progress, cancellation);
        }
        else if (filler is null) InitMethods.BlindInit(options.Method, options.Fills).Apply(parameters, options.Seed);
        else
        {
            within = new WithinLayerInit(filler) { Bias = options.Bias, Normalize = options.Within, Phase = options.Phase, KeepNonZero = options.KeepExisting }
                .Apply(parameters, images, count, options.Seed, progress, cancellation);
        }
        Stage("weights");

        RescaleReport? rescaling = null;
        double change = 0;
        if (rescaler is not null)
        {
            var function = new FunctionChange(parameters, images, count);
            rescaling = rescaler.Apply(parameters, images, count, options.Seed, progress, cancellation);
            change = function.Measure();
            Stage("rescaling");
        }

        ChangeRateReport rates = new ChangeRates { Elements = options.Elements, Draw = ProofDraw }.Measure(parameters, images, count, options.Seed, progress, cancellation);
        Stage("measuring");
        // What was loaded with its statistics keeps them, where it was all there and scale layers have left every value as it was.
        bool kept = options.KeepExisting && within is not null && within.Layers.All(l => l.Method == "kept") && rescaler is not MultiplicativeRescaler;
        if (!kept || Normalized.LacksStatistics(parameters)) Normalized.Gather(parameters, images, count, options.Phase);
        if (options.ZeroClassifier) ZeroClassifiers(parameters);
        return new InitReport(options.Method, between, count, within, rescaling, rates, change, [.. within?.Notes ?? [], .. lsuv?.Notes ?? [], .. rescaling?.Notes ?? []], times) { Lsuv = lsuv };
    }

    /// <summary>Sets every classifier's weights and biases to zero: done last, because with a zero classifier no gradient reaches the layers below.</summary>
    public static void ZeroClassifiers(ParameterSet parameters)
    {
        foreach (Node top in Tops.Of(parameters.Graph)) ZeroBelow(parameters, top);
    }

    private static void ZeroBelow(ParameterSet parameters, Node node)
    {
        if (node.Layer is not IAffine)
        {
            foreach (Node input in node.Inputs) ZeroBelow(parameters, input);
            return;
        }
        foreach (Parameter p in parameters.Of(node).Where(p => p.Spec.IsLearned)) p.Fill(0);
    }
}
