namespace EvenNet.Framework;

/// <summary>What weight decay is the gradient of.</summary>
public enum DecayKind
{
    /// <summary>decay / 2 · Σ w²: pulls by decay · w.</summary>
    Squares,

    /// <summary>decay · Σ |w|: pulls by decay · sign w.</summary>
    Magnitudes,
}

/// <summary>
/// One parameter's step of stochastic gradient descent with momentum, as Caffe does it:
/// g ← gradientScale · g + decay · w (or sign w);  v ← momentum · v + rate · g;  w ← w − v, or with Nesterov
/// w ← w − ((1 + momentum) · v − momentum · v before);  then the gradient is cleared.
/// </summary>
/// <param name="Values">w.</param>
/// <param name="Gradients">Sum of the gradients; zero afterwards.</param>
/// <param name="Momenta">v; the learning rate is inside.</param>
/// <param name="GradientScale">Clipping times 1 / accumulated passes.</param>
/// <param name="Decay">Weight decay times the parameter's multiplier.</param>
/// <param name="Momentum">μ.</param>
/// <param name="Rate">Learning rate times the parameter's multiplier.</param>
/// <param name="DecayKind">Whether decay pulls by w or by its sign.</param>
/// <param name="Nesterov">Whether the weights lie where momentum will have led.</param>
public readonly record struct SgdUpdate(Region Values, Region Gradients, Region Momenta, float GradientScale, float Decay, float Momentum, float Rate,
    DecayKind DecayKind = DecayKind.Squares, bool Nesterov = false);
