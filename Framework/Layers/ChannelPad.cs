namespace EvenNet.Framework;

/// <summary>The input's channels and zeros after them: what widens the identity in a residual net (He et al. 2016, §3.3, option A).</summary>
/// <param name="Channels">Channels of the output.</param>
public sealed record ChannelPad(int Channels) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Shape x = One(inputs);
        return Channels >= x.Channels ? x with { Channels = Channels } : throw Invalid($"{Channels} channels are fewer than the {x.Channels} of the input");
    }
}

/// <summary>The fluent face of <see cref="Framework.ChannelPad"/>.</summary>
public static class ChannelPadNotation
{
    extension(Node x)
    {
        /// <summary>Zeros after the channels, so that there are this many.</summary>
        public Node ChannelPad(string name, int channels) => new(name, new ChannelPad(channels), x);
    }
}
