namespace EvenNet.Framework;

/// <summary>One learned tensor: «conv1.weight». Values and gradients lie in the set's flat blocks, in logical order.</summary>
public sealed class Parameter
{
    // What passes through the host at a time: a fully connected layer is too large to copy whole.
    private const int PieceCount = 1 << 18;
    private readonly ParameterSet set;
    private readonly long offset;

    internal Parameter(ParameterSet set, Node node, ParameterSpec spec, long offset)
    {
        (this.set, this.offset, Node, Spec, Name) = (set, offset, node, spec, $"{node.Name}.{spec.Name}");
        (LearningRate, Decay) = (spec.LearningRate, spec.Decay);
        (Rows, FanIn, Count) = (spec.Rows, spec.FanIn, spec.Count);
    }

    /// <summary>«conv1.weight».</summary>
    public string Name { get; }

    /// <summary>The node that owns it.</summary>
    public Node Node { get; }

    /// <summary>Dimensions and initial multipliers.</summary>
    public ParameterSpec Spec { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Values of one output.</summary>
    public int FanIn { get; }

    /// <summary>All values.</summary>
    public int Count { get; }

    /// <summary>Factor on the solver's learning rate; zero freezes the parameter.</summary>
    public float LearningRate { get; set; }

    /// <summary>Factor on the solver's weight decay.</summary>
    public float Decay { get; set; }

    /// <summary>Grows at every change of the values; kernels stamp their packed copies with it.</summary>
    public int Version { get; private set; } = 1;

    /// <summary>Where the values lie.</summary>
    public Region Values => new(set.ValueStorage, offset, Count);

    /// <summary>Where the gradients lie; the first call sets them up for the whole set.</summary>
    public Region Gradients => new(set.GradientStorage, offset, Count);

    /// <summary>Place in the set's flat blocks, in elements.</summary>
    public long Offset => offset;

    /// <summary>The values on the host.</summary>
    public float[] Read()
    {
        var values = new float[Count];
        set.ValueStorage.Read(offset, values);
        return values;
    }

    /// <inheritdoc cref="Read"/>
    public double[] ReadExact()
    {
        var values = new double[Count];
        set.ValueStorage.Read(offset, values);
        return values;
    }

    /// <summary>The gradients on the host.</summary>
    public float[] ReadGradient()
    {
        var values = new float[Count];
        set.GradientStorage.Read(offset, values);
        return values;
    }

    /// <inheritdoc cref="ReadGradient"/>
    public double[] ReadGradientExact()
    {
        var values = new double[Count];
        set.GradientStorage.Read(offset, values);
        return values;
    }

    /// <summary>Sets all values from the host.</summary>
    public void Write(ReadOnlySpan<float> values)
    {
        RequireCount(values.Length);
        set.ValueStorage.Write(offset, values);
        Version++;
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{float})"/>
    public void Write(ReadOnlySpan<double> values)
    {
        RequireCount(values.Length);
        set.ValueStorage.Write(offset, values);
        Version++;
    }

    /// <summary>Sets all values to one.</summary>
    public void Fill(float value)
    {
        float[] values = new float[Math.Min(Count, PieceCount)];
        values.AsSpan().Fill(value);
        for (int first = 0; first < Count; first += PieceCount)
            set.ValueStorage.Write(offset + first, values.AsSpan(0, Math.Min(PieceCount, Count - first)));
        Version++;
    }

    /// <summary>Multiplies all values by a factor, in double.</summary>
    public void Multiply(double factor)
    {
        double[] piece = new double[Math.Min(Count, PieceCount)];
        for (int first = 0; first < Count; first += PieceCount)
        {
            Span<double> values = piece.AsSpan(0, Math.Min(PieceCount, Count - first));
            set.ValueStorage.Read(offset + first, values);
            foreach (ref double v in values) v *= factor;
            set.ValueStorage.Write(offset + first, values);
        }
        Version++;
    }

    /// <summary>Says that the values were changed in place.</summary>
    public void MarkChanged() => Version++;

    /// <summary>«conv1.weight 96×3×11×11».</summary>
    public override string ToString() => $"{Name} {string.Join("×", Spec.Dimensions)}";

    private void RequireCount(int count)
    {
        if (count != Count) throw new ArgumentException($"{this} takes {Count} values, got {count}");
    }
}
