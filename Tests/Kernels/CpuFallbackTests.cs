using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Kernels;

/// <summary>Which layers run on the reference's kernels when the cpu is asked: slow, and listed here so that it is known.</summary>
public sealed class CpuFallbackTests
{
    // Powers but the first and the second, and logarithms: their slopes at the zeros behind a last block's channels are no numbers.
    private static readonly string[] OnTheReference = ["reference.power", "reference.logarithm"];

    [Test]
    public void All_other_layers_have_kernels_of_the_cpus()
    {
        using Backend cpu = Backends.Open("cpu");
        HashSet<string> found = [];
        foreach (LayerCase layerCase in Every.LayerCase)
        {
            using var parameters = new ParameterSet(layerCase.Graph(), cpu);
            using var net = new Net(parameters, layerCase.Batch);
            foreach (string word in net.Describe().Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
                if (word.StartsWith("reference.", StringComparison.Ordinal)) found.Add(word);
        }
        Assert.That(found, Is.EquivalentTo(OnTheReference));
    }
}
