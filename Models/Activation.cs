using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>What follows each hidden layer in nets that are published, or compared, with several.</summary>
public enum Activation
{
    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>A rectifier with slope 0.333.</summary>
    VeryLeakyRelu,

    /// <summary>An exponential linear unit.</summary>
    Elu,

    /// <summary>A hyperbolic tangent.</summary>
    Tanh,

    /// <summary>A logistic sigmoid.</summary>
    Sigmoid,

    /// <summary>A rectifier with a learned slope for each channel.</summary>
    PRelu,

    /// <summary>The largest of several affine pieces.</summary>
    Maxout,
}

internal static class ActivationNotation
{
    extension(Node x)
    {
        /// <summary>An activation of one value: any but maxout, which is made with its layer.</summary>
        public Node Activate(Activation activation) => activation switch
        {
            Activation.Relu => x.Relu(),
            Activation.VeryLeakyRelu => x.Relu(Relu.VeryLeaky),
            Activation.Elu => x.Elu(),
            Activation.Tanh => x.Tanh(),
            Activation.Sigmoid => x.Sigmoid(),
            Activation.PRelu => x.PRelu($"{x.Name}/prelu"),
            _ => throw new ArgumentOutOfRangeException(nameof(activation), $"{activation} is made of several layers and does not follow one"),
        };
    }
}
