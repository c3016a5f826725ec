using System.Buffers;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// A layer's patches, whitened. Where most of them are wanted the layer itself whitens them: run with the whitening's filters for weights, at the
/// speed of its kernel and for all groups at once, it answers each position with the whitened patch and a constant. Elsewhere, and where so much
/// cancels that the mean has to go first, patches are cut out and multiplied, as a device does always.
/// </summary>
/// <param name="request">The layer.</param>
/// <param name="groups">Each group's whitening.</param>
public sealed class WhitenedPatches(WeightRequest request, IReadOnlyList<Whitening> groups)
{
    // Cutting a patch out costs about as much again as its product.
    private const int MostShare = 3;

    // In deviations: what the mean patch is answered may cost two of float32's seven digits.
    private const float LargestConstant = 100;

    private const int TaskChannels = 16;

    private Tensor? answers;

    private Patches Patches => request.Patches;

    /// <summary>Some rows of a group, by ascending number: chosen × dimensions.</summary>
    public float[] Choose(int group, int[] chosen)
    {
        float[] rows = new float[(long)chosen.Length * groups[group].Dimensions];
        if (Patches.Kernels is { } kernels)
        {
            kernels.Choose(Patches.Of(group), groups[group].Basis, chosen, rows);
            return rows;
        }
        bool most = Patches.Window is not null && (long)chosen.Length * MostShare >= Patches.Rows;
        if (most && groups.All(g => g.IsResolved && g.MeanAnswers().All(a => Math.Abs(a) <= LargestConstant))) ReadAnswers(group, chosen, rows);
        else Multiply(groups[group], group, chosen, rows);
        return rows;
    }

    // Gathered and whitened in pieces: the patches themselves may be ten times as long as their whitened form.
    private void Multiply(Whitening whitening, int group, int[] chosen, float[] all)
    {
        const int PieceValues = 1 << 22;
        int piece = Math.Clamp(PieceValues / Patches.Dimensions, 1, Math.Max(1, chosen.Length));
        float[] rows = ArrayPool<float>.Shared.Rent(piece * Patches.Dimensions);
        for (int first = 0; first < chosen.Length; first += piece)
        {
            request.Cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(piece, chosen.Length - first);
            Patches.Choose(group, new ArraySegment<int>(chosen, first, count), rows);
            whitening.Apply(
                rows.AsMemory(0, count * Patches.Dimensions), all.AsMemory(first * whitening.Dimensions, count * whitening.Dimensions));
        }
        ArrayPool<float>.Shared.Return(rows);
    }

    private Tensor Answers()
    {
        float[] weights = new float[request.Weights.Length];
        for (int g = 0; g < groups.Count; g++) groups[g].Filters().CopyTo(weights.AsSpan(g * request.OutputsPerGroup * Patches.Dimensions));
        return request.Answer(weights);
    }

    // The answers of the group's first channels, less what the mean patch is answered.
    private void ReadAnswers(int group, int[] chosen, float[] rows)
    {
        Tensor y = answers ??= Answers();
        int m = groups[group].Dimensions, plane = y.Shape.Plane, channels = group * request.OutputsPerGroup;
        float[] constants = groups[group].MeanAnswers();
        Patches.BySample(chosen, (sample, first, end) =>
        {
            float[] rented = ArrayPool<float>.Shared.Rent(y.Shape.Count);
            y.Read(sample, rented.AsSpan(0, y.Shape.Count));
            for (int left = 0; left < m; left += TaskChannels)
            {
                int right = Math.Min(m, left + TaskChannels);
                for (int i = first; i < end; i++)
                {
                    int at = channels * plane + chosen[i] - sample * plane;
                    for (int j = left; j < right; j++) rows[(long)i * m + j] = rented[at + j * plane] - constants[j];
                }
            }
            ArrayPool<float>.Shared.Return(rented);
        });
    }
}
