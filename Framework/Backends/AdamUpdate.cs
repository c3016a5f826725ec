namespace EvenNet.Framework;

/// <summary>
/// One parameter's step of Adam, as Caffe does it: g ← gradientScale · g + decay · w (or sign w);  m ← β1 · m + (1 − β1) · g;
/// v ← β2 · v + (1 − β2) · g²;  w ← w − rate · m / (√v + δ);  then the gradient is cleared.
/// </summary>
/// <param name="Values">w.</param>
/// <param name="Gradients">Sum of the gradients; zero afterwards.</param>
/// <param name="Momenta">m.</param>
/// <param name="Squares">v.</param>
/// <param name="GradientScale">Clipping times 1 / accumulated passes.</param>
/// <param name="Decay">Weight decay times the parameter's multiplier.</param>
/// <param name="Beta1">β1.</param>
/// <param name="Beta2">β2.</param>
/// <param name="Delta">δ.</param>
/// <param name="Rate">Learning rate times the parameter's multiplier times the correction for a start at zero, √(1 − β2^t) / (1 − β1^t).</param>
/// <param name="DecayKind">Whether decay pulls by w or by its sign.</param>
public readonly record struct AdamUpdate(Region Values, Region Gradients, Region Momenta, Region Squares, float GradientScale, float Decay,
    float Beta1, float Beta2, float Delta, float Rate, DecayKind DecayKind = DecayKind.Squares);
