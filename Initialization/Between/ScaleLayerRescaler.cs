using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Between-layer scaling with scale layers: z = s (W x + b), W ← r W, b ← r b, s ← s / r. The function stays what it was for any graph and any
/// nonlinearity, so a layer's rate changes by exactly 1 / r² and nothing else moves. r = (C / C̄)^(α/2) with C̄ the geometric mean of the
/// layers' rates (Krähenbühl et al. 2016, §3.2; the scale layers are the paper's alternative to undoing a scaling in the layer above).
/// Each sweep measures with fresh noise, and the measurements are averaged. With α = 1 one sweep does it: what it leaves is the noise of the
/// measurement, under one per cent with 160 images.
/// </summary>
public sealed record ScaleLayerRescaler : IRescaler
{
    /// <inheritdoc/>
    public string Name => "scale-layers";

    /// <summary>α: share of the logarithmic distance that one sweep closes. One is exact, because scale layers change no other layer's rate.</summary>
    public double Damping { get; init; } = 1;

    /// <summary>Most sweeps.</summary>
    public int Sweeps { get; init; } = 10;

    /// <summary>Fewest sweeps: independent draws of the noise to average.</summary>
    public int Draws { get; init; } = 1;

    /// <summary>Stop when no layer's rate is left further than this from the mean, in logarithms.</summary>
    public double Tolerance { get; init; } = 0.01;

    /// <summary>How rates are measured.</summary>
    public ChangeRates Measure { get; init; } = new() { Elements = false };

    /// <inheritdoc/>
    public RescaleReport Apply(
        ParameterSet parameters, float[] images, int count, ulong seed, IProgress<InitProgress>? progress = null, CancellationToken cancellation = default)
    {
        Node[] affine = [.. parameters.Graph.Affine.Where(n => n.Layer.SharedWith is null)];
        var history = new List<double[]>();
        // Σ of ln C over the sweeps, as each layer would measure with the weights that it has now.
        var logs = new double[affine.Length];
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            int expected = Damping < 1 ? Sweeps : Draws;
            SweepProgress? within = progress is null ? null : new SweepProgress(progress, sweep, expected);
            ChangeRateReport report = (Measure with { Draw = (uint)sweep }).Measure(parameters, images, count, seed, within, cancellation);
            double[] rates = [.. affine.Select(n => report.Layers.Single(l => l.Name == n.Name).Rate)];
            history.Add(rates);
            for (int k = 0; k < rates.Length; k++) logs[k] += Math.Log(rates[k]);
            // A layer without a gradient, or without weights, has no rate: it stays as it is and the others are drawn together.
            double[] measured = [.. logs.Where(double.IsFinite)];
            if (measured.Length == 0) break;
            int sweeps = sweep + 1;
            double target = measured.Average() / sweeps;
            double worst = measured.Max(l => Math.Abs(l / sweeps - target));
            for (int k = 0; k < affine.Length; k++)
            {
                if (!double.IsFinite(logs[k])) continue;
                double logScale = Damping / 2 * (logs[k] / sweeps - target);
                Scale(parameters, affine[k], Math.Exp(logScale));
                logs[k] -= sweeps * 2 * logScale;
            }
            if (sweeps >= Draws && (1 - Damping) * worst < Tolerance) break;
        }
        progress?.Report(new("rescaling", "", 1));
        return new RescaleReport([.. affine.Select(n => n.Name)], history, [.. affine.Where((_, k) => !double.IsFinite(logs[k])).Select(n => RescaleReport.WithoutRate(n.Name))]);
    }

    private static void Scale(ParameterSet parameters, Node node, double r)
    {
        foreach (Parameter p in parameters.Of(node)) ParameterPieces.Multiply(parameters.Backend, p, p.Spec.Name == "scale" ? 1 / r : r);
    }

    // A sweep's measurement as a share of all; that more sweeps than asked for are needed is the exception.
    private sealed class SweepProgress(IProgress<InitProgress> progress, int sweep, int expected) : IProgress<InitProgress>
    {
        public void Report(InitProgress value)
        {
            string detail = value.Detail.Length > 0 ? $", {value.Detail}" : "";
            progress.Report(new("rescaling", $"sweep {sweep + 1}{detail}", Math.Min(0.99, (sweep + value.Fraction) / expected)));
        }
    }
}
