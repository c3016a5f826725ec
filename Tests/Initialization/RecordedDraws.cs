using EvenNet.Framework;

namespace EvenNet.Tests.Initialization;

/// <summary>Recorded normal draws, handed out in their order.</summary>
internal sealed class RecordedDraws(IEnumerable<float[]> draws) : RandomSource
{
    private readonly Queue<float> left = new(draws.SelectMany(d => d));

    public override void FillGaussian(Span<float> values)
    {
        foreach (ref float value in values) value = left.Dequeue();
    }

    public override double NextUniform() => throw new InvalidOperationException("no uniform numbers were recorded");

    public override int NextInt(int exclusive) => throw new InvalidOperationException("no whole numbers were recorded");
}
