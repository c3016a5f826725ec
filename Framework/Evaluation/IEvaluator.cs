namespace EvenNet.Framework;

/// <summary>Judges what a net has learned.</summary>
public interface IEvaluator
{
    /// <summary>Views of each picture.</summary>
    int Views { get; }

    /// <summary>Judges all pictures.</summary>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ImageFormatException">A picture could not be used.</exception>
    /// <exception cref="DivergenceException">A score is not finite.</exception>
    IEvaluation Run(IProgress<double>? progress = null, CancellationToken cancellation = default);
}

/// <summary>What an <see cref="IEvaluator"/> found.</summary>
public interface IEvaluation
{
    /// <summary>Views of each picture.</summary>
    int Views { get; }

    /// <summary>All figures for a line of metrics.</summary>
    IEnumerable<KeyValuePair<string, double>> Values();
}
