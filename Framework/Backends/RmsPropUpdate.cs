namespace EvenNet.Framework;

/// <summary>
/// One parameter's step of RMSProp, as Caffe does it: g ← gradientScale · g + decay · w (or sign w);  h ← ρ · h + (1 − ρ) · g²;
/// w ← w − rate · g / (√h + δ);  then the gradient is cleared.
/// </summary>
/// <param name="Values">w.</param>
/// <param name="Gradients">Sum of the gradients; zero afterwards.</param>
/// <param name="Squares">h.</param>
/// <param name="GradientScale">Clipping times 1 / accumulated passes.</param>
/// <param name="Decay">Weight decay times the parameter's multiplier.</param>
/// <param name="Rho">ρ.</param>
/// <param name="Delta">δ.</param>
/// <param name="Rate">Learning rate times the parameter's multiplier.</param>
/// <param name="DecayKind">Whether decay pulls by w or by its sign.</param>
public readonly record struct RmsPropUpdate(Region Values, Region Gradients, Region Squares, float GradientScale, float Decay,
    float Rho, float Delta, float Rate, DecayKind DecayKind = DecayKind.Squares);
