namespace EvenNet.Framework;

/// <summary>
/// One parameter's step of stochastic gradient descent with momentum, as Caffe does it:
/// g ← gradientScale · g + decay · w;  v ← momentum · v + rate · g;  w ← w − v;  then the gradient is cleared.
/// </summary>
/// <param name="Values">w.</param>
/// <param name="Gradients">Sum of the gradients; zero afterwards.</param>
/// <param name="Momenta">v; the learning rate is inside.</param>
/// <param name="GradientScale">Clipping times 1 / accumulated passes.</param>
/// <param name="Decay">Weight decay times the parameter's multiplier.</param>
/// <param name="Momentum">μ.</param>
/// <param name="Rate">Learning rate times the parameter's multiplier.</param>
public readonly record struct SgdUpdate(Region Values, Region Gradients, Region Momenta, float GradientScale, float Decay, float Momentum, float Rate);
