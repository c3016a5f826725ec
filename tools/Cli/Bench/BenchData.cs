using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Weights and pictures for measurements of speed: random, finite, and of the size that numbers have in training.</summary>
internal static class BenchData
{
    // What passes through the host at a time: a whole fully connected layer would count as memory of the net.
    private const int PieceCount = 1 << 20;

    /// <summary>Weights uniform with deviation √(2 / fan-in), so that values keep their size through the layers (He et al. 2015, §2.2).</summary>
    public static void FillWeights(ParameterSet parameters, ulong seed)
    {
        float[] piece = new float[PieceCount];
        for (int i = 0; i < parameters.All.Count; i++)
        {
            Parameter p = parameters.All[i];
            if (p.Spec.Name != "weight") continue;
            var random = new Philox(seed, RandomPurpose.Weights, i);
            float size = (float)Math.Sqrt(6.0 / p.FanIn);
            for (int first = 0; first < p.Count; first += PieceCount)
            {
                Span<float> part = piece.AsSpan(0, Math.Min(PieceCount, p.Count - first));
                random.FillUniform(part, -size, size);
                p.Values.Storage.Write(p.Values.Offset + first, part);
            }
            p.MarkChanged();
        }
    }

    /// <summary>Standard normal numbers.</summary>
    public static float[] Noise(long count, ulong seed, int index = 0)
    {
        var values = new float[count];
        new Philox(seed, RandomPurpose.Noise, index).FillGaussian(values);
        return values;
    }

    /// <summary>Noise whose neighbours agree a little, of the size that pictures have without their mean.</summary>
    public static float[] Pictures(int count, Shape shape, ulong seed)
    {
        float[] values = Noise((long)count * shape.Count, seed);
        for (int i = 1; i < values.Length; i++) values[i] = 0.95f * values[i - 1] + 20 * values[i];
        return values;
    }

    /// <summary>A class number for each sample.</summary>
    public static float[] Labels(int count, int classes, ulong seed)
    {
        var random = new Philox(seed, RandomPurpose.Order);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextInt(classes))];
    }
}
