namespace EvenNet.Framework;

/// <summary>A training loop: what it computes depends on the solver's state, the position, the parameters, the data and the seeds alone.</summary>
public interface ITrainer
{
    /// <summary>Changes the parameters.</summary>
    Solver Solver { get; }

    /// <summary>The first sample that no step has seen. Set it to go on where another run stopped.</summary>
    DataPosition Position { get; set; }

    /// <summary>Pictures of the data.</summary>
    int Samples { get; }

    /// <summary>For messages: the data, and which part of it.</summary>
    string DataName { get; }

    /// <summary>Takes steps until so many are taken in all, and yields after each.</summary>
    /// <exception cref="DivergenceException">The loss is not finite. The parameters are those that gave it.</exception>
    /// <exception cref="ImageFormatException">A picture could not be used.</exception>
    IEnumerable<TrainingStep> Steps(int iterations);
}
