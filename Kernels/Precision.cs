namespace EvenNet.Kernels;

/// <summary>In what matrix products and convolutions are computed; weights, gradients, losses, statistics and all other layers are float32 in any case.</summary>
public enum Precision
{
    /// <summary>float32 throughout, TF32 switched off.</summary>
    Fp32,

    /// <summary>Operands of the vendor's libraries rounded to TF32 (10 bits of mantissa), sums in float32.</summary>
    Tf32,

    /// <summary>Operands of the vendor's libraries rounded to bfloat16 (7 bits of mantissa), sums in float32; a convolution's results are rounded, too.</summary>
    Bf16,
}
