namespace EvenNet.Framework;

/// <summary>What a kernel's backward pass still reads of the forward pass, beside what it saves itself.</summary>
[Flags]
public enum BackwardReads
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The inputs' values.</summary>
    Inputs = 1,

    /// <summary>The output's value.</summary>
    Output = 2,
}

/// <summary>A backend's answer to a request: what it would run, in which layouts, at what cost in memory.</summary>
/// <param name="Name">«cpu.direct-convolution+relu»: shown by <see cref="Net.Describe"/>.</param>
/// <param name="Reads">For each input the order it must have and the least border it needs. A reorder is planned where it arrives otherwise.</param>
/// <param name="Writes">Order of the output; the plan sets the border its readers need, and the kernel writes the border's zeros.</param>
/// <param name="Keeps">What backward still reads.</param>
/// <param name="Bind">Makes the kernel.</param>
public sealed record KernelOffer(string Name, IReadOnlyList<Layout> Reads, LayoutKind Writes, BackwardReads Keeps, Func<Bindings, Kernel> Bind)
{
    /// <summary>Least border that backward needs around the output's gradient.</summary>
    public int GradientHalo { get; init; }

    /// <summary>
    /// Inputs that nobody else reads may be planned as channels of the output, and their gradients as channels of its gradient: this kernel
    /// finds them in their place, and the backend's other kernels take samples that do not follow each other.
    /// </summary>
    public bool TakesParts { get; init; }

    /// <summary>The kernel may find its one input where it writes its output, and run again there, changes nothing.</summary>
    public bool Overwrites { get; init; }

    /// <summary>Elements that live from this kernel's forward to its backward pass.</summary>
    public long Saved { get; init; }

    /// <summary>Elements needed only while the kernel runs; one block, shared by all kernels of a plan.</summary>
    public long Scratch { get; init; }

    /// <summary>What the kernel computes where that is not the layer's own arithmetic; null where it is.</summary>
    public KernelOperations? Operations { get; init; }
}
