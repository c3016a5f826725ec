namespace EvenNet.Framework;

/// <summary>
/// One learned tensor of a layer. A convolution's weight is outputs × (inputs / groups) × height × width, an inner product's
/// outputs × inputs. The multipliers scale the solver's learning rate and weight decay; a rate of zero freezes the parameter.
/// </summary>
public sealed record ParameterSpec(string Name, IReadOnlyList<int> Dimensions, float LearningRate = 1, float Decay = 1, float Initial = 0)
{
    /// <summary>Outputs: the first dimension.</summary>
    public int Rows => Dimensions[0];

    /// <summary>Values of one output: the product of the other dimensions.</summary>
    public int FanIn => Dimensions.Skip(1).Aggregate(1, (a, b) => checked(a * b));

    /// <summary>All values.</summary>
    public int Count => checked(Rows * FanIn);

    /// <summary>False for a frozen parameter.</summary>
    public bool IsLearned => LearningRate != 0;
}
