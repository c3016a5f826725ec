namespace EvenNet.Framework;

/// <summary>What is subtracted from each channel of a picture, in levels of 0 … 255.</summary>
public readonly record struct BgrMean(float Blue, float Green, float Red)
{
    /// <summary>Of the ImageNet pictures, as CaffeNet and the paper's program take it.</summary>
    public static BgrMean ImageNet => new(104, 117, 123);
}
