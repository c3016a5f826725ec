using System.Diagnostics;

namespace EvenNet.Framework;

/// <summary>
/// Scores a data set with a net in testing and judges the scores. Several views of a picture are averaged: the scores where a picture may show several
/// classes (Krähenbühl et al. 2016, §4.1), the probabilities where it shows one (Krizhevsky et al. 2012, §4.1).
/// </summary>
public sealed class Evaluator : IEvaluator, IDisposable
{
    private readonly Node scores, images;
    private readonly Net net;

    /// <summary>Plans a forward pass up to the scores.</summary>
    /// <param name="parameters">Of the net; what they hold at each <see cref="Run"/> is judged.</param>
    /// <param name="scores">The node that puts out a score for each class.</param>
    /// <param name="data">Once through a set in its order.</param>
    /// <exception cref="ArgumentException">The parts do not fit one another.</exception>
    public Evaluator(ParameterSet parameters, Node scores, DataLoader data)
    {
        (this.scores, Data) = (scores, data);
        if (data.Options is not { Shuffle: false, Epochs: 1 }) throw new ArgumentException($"an evaluation goes through the data once, in order: {nameof(LoaderOptions)}.{nameof(LoaderOptions.Once)}", nameof(data));
        if (scores.Shape.Count != data.Dataset.Classes.Count) throw new ArgumentException($"{scores.Name} puts out {scores.Shape.Count} scores, {data.Dataset} need {data.Dataset.Classes.Count}", nameof(scores));
        net = new Net(parameters, data.Options.Batch * data.Augmentation.Views, new NetOptions { Backward = false, Outputs = [scores] });
        Node[] inputs = [.. net.Nodes.Where(n => n.Layer is Input)];
        images = inputs.Length == 1 && inputs[0].Shape == data.Augmentation.Shape
            ? inputs[0]
            : throw new ArgumentException($"the data give pictures of {data.Augmentation.Shape}; {scores.Name} is computed from {string.Join(" and ", inputs.Select(n => $"{n.Name} of {n.Shape}"))}", nameof(data));
    }

    /// <summary>The data.</summary>
    public DataLoader Data { get; }

    /// <inheritdoc/>
    public int Views => Data.Augmentation.Views;

    IEvaluation IEvaluator.Run(IProgress<double>? progress, CancellationToken cancellation) => Run(progress, cancellation);

    /// <summary>Scores and judges all samples.</summary>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ImageFormatException">A picture could not be used.</exception>
    /// <exception cref="DivergenceException">A score is not finite.</exception>
    public Evaluation Run(IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        Dataset set = Data.Dataset;
        int classes = set.Classes.Count, views = Data.Augmentation.Views, done = 0;
        var table = new ScoreTable(set.Count, classes);
        var loss = new RunningMean();
        foreach (LabelledBatch batch in Data.Batches(cancellation: cancellation))
        {
            net.Load(images, batch.Images);
            net.Forward(Phase.Test);
            float[] values = net.Read(scores);
            for (int i = 0; i < batch.Count * views; i++)
            {
                Span<float> own = values.AsSpan(i * classes, classes);
                if (!IsFinite(own)) throw Explain(batch, i / views);
                ReadOnlySpan<float> label = set.Label(batch.Samples[i / views]);
                loss.Add(set.IsMultiLabel ? SampleLoss.Sigmoid(own, label) : SampleLoss.Softmax(own, (int)label[0]));
                if (!set.IsMultiLabel && views > 1) SampleLoss.ToProbabilities(own);
                table.Add(batch.Samples[i / views], own);
            }
            done += batch.Count;
            progress?.Report((double)done / set.Count);
        }
        return new Evaluation(set, table, views, loss.Value ?? double.NaN, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Scores the first batch only: finds in a moment what would stop <see cref="Run"/> later.</summary>
    /// <exception cref="ImageFormatException">A picture could not be used.</exception>
    /// <exception cref="DivergenceException">A score is not finite.</exception>
    public void Try()
    {
        LabelledBatch batch = Data.Batches().First();
        net.Load(images, batch.Images);
        net.Forward(Phase.Test);
        float[] values = net.Read(scores);
        int each = values.Length / batch.Capacity;
        for (int n = 0; n < batch.Count; n++)
            if (!IsFinite(values.AsSpan(n * each, each))) throw Explain(batch, n);
    }

    /// <summary>Frees the plan; the parameters stay.</summary>
    public void Dispose() => net.Dispose();

    private static bool IsFinite(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
            if (!float.IsFinite(value)) return false;
        return true;
    }

    // The pass once more with every value in view: scores tell where it was seen, not where it began.
    private DivergenceException Explain(LabelledBatch batch, int sample)
    {
        using var plain = new Net(net.Parameters, net.Batch, new NetOptions { Fuse = false, Backward = false, Outputs = [scores] });
        plain.Load(images, batch.Images);
        (string? layer, string place) = NonFinite.First(plain, Phase.Test);
        return new DivergenceException(layer ?? scores.Name, $"{scores.Name} puts out scores that are not finite for {batch.NameOf(sample)}: {place}");
    }
}
