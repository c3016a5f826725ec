namespace EvenNet.Framework;

/// <summary>Which error's size the others are brought to.</summary>
public enum ModulationAnchor
{
    /// <summary>The topmost layer's.</summary>
    Top,

    /// <summary>That of the layer above, as it became. What the band lets pass adds up with depth.</summary>
    Previous,
}
